import ServiceLifecycle

extension LeadIntake: Service {
    /// Waits for the graceful shutdown, then until every accepted lead is answered.
    ///
    /// List it after the connection pool, which must outlive it.
    package func run() async throws {
        try? await gracefulShutdown()
        await stop()
    }
}
