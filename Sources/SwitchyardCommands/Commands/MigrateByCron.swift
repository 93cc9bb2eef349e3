import LeadRouting
import SwitchyardServer

extension Migrate.Default {
    /// Has pg_cron keep the schedules that must go on without a node, or no longer.
    func keepSchedules(byCron: Bool) async throws {
        try await withUseCases { useCases, _ in
            guard byCron else {
                let count = try await useCases.operations.unscheduleByCron(as: .commandLine)
                return terminal.output(
                    count == 0 ? "pg_cron had no jobs of Switchyard." : "pg_cron has lost \(count) jobs."
                )
            }
            let names = try await useCases.operations.scheduleByCron(as: .commandLine)
            terminal.output("pg_cron runs \(names.joined(separator: " and ")), whether or not a node does.")
        }
    }
}
