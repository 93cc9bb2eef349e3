import ServiceLifecycle

extension LeadIntake: Service {
    /// Waits for the graceful shutdown, then until every lead that was taken in is answered.
    ///
    /// List it after the connection pool, which has to outlive it.
    package func run() async throws {
        try? await gracefulShutdown()
        await stop()
    }
}
