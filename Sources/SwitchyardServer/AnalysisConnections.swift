import LeadRouting
import Postgres
import ServiceLifecycle

/// Connections that only analyses use, so that their long statements hold up no lead; opened with the first analysis.
///
/// Beside those of `DATABASE_CONNECTIONS`: one for each slot, and one.
struct AnalysisConnections: Service {
    /// The connections.
    let pool: PostgresPool

    init(_ session: DatabaseSession) {
        var configuration = PostgresConfiguration(
            connectionString: session.connectionString,
            applicationName: "switchyard analyses"
        )
        configuration.isPooled = session.settings.databaseIsPooled
        pool = PostgresPool(
            configuration: configuration,
            maximumConnections: AnalysisPool.usualSlots + 1,
            logger: session.logger
        )
    }

    /// Closes them at shutdown.
    func run() async throws {
        try? await gracefulShutdown()
        await pool.shutdown()
    }
}
