import LeadStore
import Postgres
import SwitchyardServer

extension Migrate.Bare {
    /// Has pg_cron keep the schedules that must go on without a node, or no longer.
    func keepSchedules(byCron: Bool) async throws {
        try await withDatabase { session in
            guard byCron else {
                let count = try await session.stores.maintenance.unscheduleByCron()
                return terminal.output(
                    count == 0 ? "pg_cron had no jobs of Switchyard." : "pg_cron has lost \(count) jobs."
                )
            }
            do {
                let names = try await session.stores.maintenance.scheduleByCron()
                terminal.output("pg_cron runs \(names.joined(separator: " and ")), whether or not a node does.")
            } catch let error as PostgresError where error.code == .server {
                throw CommandError(
                    "pg_cron cannot be used in this database: \(error)",
                    remedy: """
                        Install it (Debian: postgresql-15-cron), add pg_cron to shared_preload_libraries, set \
                        cron.database_name to this database, restart, and CREATE EXTENSION pg_cron as a superuser. \
                        On Supabase: switch it on under Database, Extensions.
                        """
                )
            }
        }
    }
}
