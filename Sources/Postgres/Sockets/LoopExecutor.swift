/// Runs tasks on a loop's thread, between its rounds.
///
/// What waits for an answer of the database goes on where the answer arrives, and what it asks next is sent from there: on
/// few busy cores each change of threads in between costs a third of a millisecond of waiting for its turn. The price is
/// that nothing else is read or sent meanwhile, so that only what takes a millisecond or less may run here, and nothing that
/// blocks.
final class LoopExecutor: TaskExecutor {
    private let loop: SocketLoop

    init(_ loop: SocketLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // A loop that has stopped has its tasks run elsewhere: they get to hear so from the pool.
        if !loop.submit({ job.runSynchronously(on: self.asUnownedTaskExecutor()) }) {
            globalConcurrentExecutor.enqueue(job)
        }
    }
}
