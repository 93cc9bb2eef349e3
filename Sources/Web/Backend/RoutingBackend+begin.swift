extension RoutingBackend {
    /// For backends without a queue: the leads are taken in when their outcomes are asked for.
    package func begin(batch: [SubmittedLead], as principal: Principal) async throws -> BegunBatch {
        BegunBatch { try await submit(batch: batch, as: principal) }
    }
}
