/// Runs tasks on a loop's thread, between its rounds.
///
/// A task that waits for an answer of the database resumes on the thread where the answer arrives, and sends its next
/// statement from there. On few busy cores each change of threads costs a third of a millisecond. The loop reads and
/// sends nothing meanwhile, so only work of a millisecond or less may run here, and nothing that blocks.
final class LoopExecutor: TaskExecutor {
    private let loop: SocketLoop

    init(_ loop: SocketLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // A stopped loop runs its tasks elsewhere: the pool then gives them an error.
        if !loop.submit({ job.runSynchronously(on: self.asUnownedTaskExecutor()) }) {
            globalConcurrentExecutor.enqueue(job)
        }
    }
}
