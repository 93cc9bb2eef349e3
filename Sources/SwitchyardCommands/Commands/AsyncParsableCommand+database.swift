import ArgumentParser
import LeadRouting
import SwitchyardServer

extension AsyncParsableCommand {
    /// Runs a command's body with an open database, and closes it.
    ///
    /// - Parameters:
    ///   - preparation: what the command requires of the schema.
    ///   - onlyReads: whether the command changes nothing; then it creates no embedded PostgreSQL either.
    ///   - body: the body.
    /// - Returns: what the body returns.
    /// - Throws: the errors of the body; a database error with its remedy.
    func withDatabase<Value: Sendable>(
        schema preparation: DatabaseSession.Preparation = .required,
        onlyReads: Bool = false,
        _ body: (DatabaseSession) async throws -> Value
    ) async throws -> Value {
        let context = CommandContext.current
        let session = try await DatabaseSession.open(
            settings: try context.settings(),
            logger: LogOutput.forCommands(),
            terminal: context.terminal,
            schema: preparation,
            createsCluster: !onlyReads
        )
        do {
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw DatabaseSession.explained(error, session.settings)
        }
    }

    /// Runs a command's body with the use cases of the API, as the operator at the command line.
    ///
    /// - Parameters:
    ///   - preparation: what the command requires of the schema.
    ///   - onlyReads: whether the command changes nothing; then it creates no embedded PostgreSQL either.
    ///   - analysisTime: the time limit of a simulation, of lint and of explain; nil for `ANALYSIS_TIME_LIMIT`.
    ///   - body: the body.
    /// - Returns: what the body returns.
    /// - Throws: the errors of the body; a use case's refusal as a `CommandError`.
    func withUseCases<Value: Sendable>(
        schema preparation: DatabaseSession.Preparation = .required,
        onlyReads: Bool = false,
        analysisTime: Duration? = nil,
        _ body: (UseCases, DatabaseSession) async throws -> Value
    ) async throws -> Value {
        try await withDatabase(schema: preparation, onlyReads: onlyReads) { session in
            let routing = RoutingServices(session: session, analysisTime: analysisTime)
            do {
                let value = try await body(routing.useCases, session)
                await routing.intake.stop()
                return value
            } catch let error as RequestError {
                throw CommandError(error)
            }
        }
    }
}
