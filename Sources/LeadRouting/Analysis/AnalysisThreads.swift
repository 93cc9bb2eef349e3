import DequeModule
import Glibc
import Postgres

/// Threads for work that computes for long, beside those of the Swift runtime.
///
/// The runtime has one thread for each core: on two cores, two analyses would stop every other task of the process. These
/// threads have a lower priority too, so that on a busy machine the operating system prefers the posts of leads. They
/// start with the first work, and end with this object.
final class AnalysisThreads: TaskExecutor {
    /// The queue of jobs, which the threads share.
    private final class Jobs: @unchecked Sendable {
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let hasWork = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        // Under the mutex:
        private var waiting: Deque<UnownedJob> = []
        private var threads = 0
        private var isClosed = false

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(hasWork, nil)
        }

        deinit {
            pthread_cond_destroy(hasWork)
            pthread_mutex_destroy(mutex)
            hasWork.deallocate()
            mutex.deallocate()
        }

        /// Adds a job; true if another thread is to be started for it.
        func add(_ job: UnownedJob, threads limit: Int) -> Bool {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            waiting.append(job)
            pthread_cond_signal(hasWork)
            guard threads < limit else { return false }
            threads += 1
            return true
        }

        /// The next job; nil once there will be none.
        func next() -> UnownedJob? {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            while waiting.isEmpty, !isClosed { pthread_cond_wait(hasWork, mutex) }
            return waiting.popFirst()
        }

        func close() {
            pthread_mutex_lock(mutex)
            isClosed = true
            pthread_cond_broadcast(hasWork)
            pthread_mutex_unlock(mutex)
        }
    }

    private let jobs = Jobs()
    private let count: Int

    /// A number of threads.
    init(count: Int) { self.count = count }

    deinit { jobs.close() }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard jobs.add(job, threads: count) else { return }
        let executor = asUnownedTaskExecutor()
        let started = Thread.start { [jobs] in
            // Of this thread alone: the kernel takes 0 for the calling thread.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
            while let job = jobs.next() { job.runSynchronously(on: executor) }
        }
        precondition(started, "The system has no thread left.")
    }
}
