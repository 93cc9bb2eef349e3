import ArgumentParser
import LeadRouting
import SwitchyardServer

extension AsyncParsableCommand {
    /// Runs a command's body over an open database, and closes it.
    ///
    /// - Parameters:
    ///   - preparation: what the command expects of the schema.
    ///   - body: what it does.
    /// - Returns: what the body returns.
    /// - Throws: what the body throws; an error of the database with what the operator can do about it.
    func withDatabase<Value: Sendable>(
        schema preparation: DatabaseSession.Preparation = .required,
        _ body: (DatabaseSession) async throws -> Value
    ) async throws -> Value {
        let context = CommandContext.current
        let session = try await DatabaseSession.open(
            settings: try context.settings(),
            logger: LogOutput.forCommands(),
            terminal: context.terminal,
            schema: preparation
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

    /// Runs a command's body over the use cases that the API has too, as the operator at the command line.
    ///
    /// - Parameters:
    ///   - preparation: what the command expects of the schema.
    ///   - simulationTime: how long a simulation may take.
    ///   - body: what it does.
    /// - Returns: what the body returns.
    /// - Throws: what the body throws; a refusal of a use case as a `CommandError`.
    func withUseCases<Value: Sendable>(
        schema preparation: DatabaseSession.Preparation = .required,
        simulationTime: Duration = .seconds(60),
        _ body: (UseCases, DatabaseSession) async throws -> Value
    ) async throws -> Value {
        try await withDatabase(schema: preparation) { session in
            let routing = RoutingServices(session: session, simulationTime: simulationTime)
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
