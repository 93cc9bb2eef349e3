import LeadRouting
import SwitchyardServer

extension Migrate.Default {
    /// Schedules or unschedules the jobs of pg_cron that must not depend on a node.
    func keepSchedules(byCron: Bool) async throws {
        try await withUseCases { useCases, _ in
            guard byCron else {
                let count = try await useCases.operations.unscheduleByCron(as: .commandLine)
                return terminal.output(
                    count == 0 ? "pg_cron had no jobs of Switchyard." : "Removed \(count) jobs from pg_cron."
                )
            }
            let names = try await useCases.operations.scheduleByCron(as: .commandLine)
            terminal.output("pg_cron runs \(names.joined(separator: " and ")), whether or not a node does.")
        }
    }
}
