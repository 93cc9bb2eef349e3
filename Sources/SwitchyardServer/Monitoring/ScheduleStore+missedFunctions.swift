import LeadRouting
import LeadStore
import Postgres

extension ScheduleStore {
    /// How many scheduled functions have not run five minutes after their due time, or have failed.
    func missedFunctions() async throws -> Int {
        let times = DueTimes(ScheduledFunction.all)
        let now = try await databaseTime().microsecondsSinceUnixEpoch / 1_000_000
        var last: [String: ScheduledRun] = [:]
        for run in try await lastRuns() { last[run.name] = run }
        return times.due(at: now - 300)
            .count { name, dueAt in
                guard let run = last[name] else { return true }
                return run.dueAt.microsecondsSinceUnixEpoch / 1_000_000 < dueAt || run.error != nil
            }
    }
}
