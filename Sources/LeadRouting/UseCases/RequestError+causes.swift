import LeadStore
import Postgres
import RoutingRules

extension RequestError {
    /// The request error of a failed intake.
    init(_ error: IntakeError) {
        switch error.code {
        case .overloaded:
            self = .overloaded(retryAfterSeconds: max(1, Int(error.retryAfter?.components.seconds ?? 1)))
        case .unknownWorkspace:
            self = .invalid([
                FieldProblem(
                    field: "workspaceId",
                    message: "This workspace does not exist.",
                    remedy: "Name a workspace that GET /api/workspaces lists."
                )
            ])
        case .suspended: self = .suspended(reason: error.suspension ?? "")
        case .hostFunctionFailed: self = .hostFunctionFailed(reason: error.description)
        case .rejected where error.refusal?.function != nil:
            self = .refusedByHostFunction(reason: error.description)
        case .rejected:
            self = .conflict(
                reason: error.description,
                remedy: "Nothing was stored. Send the lead again; if it is refused again, report its request id."
            )
        case .requestInFlight:
            self = .conflict(reason: error.description, remedy: "Wait for its answer, or repeat it after a second.")
        case .keyMismatch: self = .reusedKey
        case .unavailable, .outcomeUnknown, .shuttingDown:
            self = .unavailable(reason: error.description)
        }
    }

    /// The request error of a refusal to route a lead.
    init(_ refusal: RouteRefusal) {
        switch refusal.code {
        case .notFound:
            self = .notFound(refusal.description)
        case .busy:
            self = .conflict(reason: refusal.description, remedy: "Read it again in a moment: GET /api/leads/{id}.")
        case .final(.failed):
            self = .conflict(
                reason: refusal.description,
                remedy: "Fix the cause that its history names, then requeue it: `switchyard retry LEAD-ID`."
            )
        case .final:
            self = .conflict(reason: refusal.description, remedy: "Send the lead again as a new one.")
        case .paused:
            self = .conflict(
                reason: refusal.description,
                remedy: "GET /api/routing/pauses shows the pause; POST /api/routing/resume ends it."
            )
        case .suspended:
            self = .conflict(
                reason: refusal.description,
                remedy: "DELETE /api/workspaces/{id}/suspension, or `switchyard lift --workspace NAME`."
            )
        case .unsettled:
            self = .overloaded(retryAfterSeconds: 1)
        }
    }

    /// The request error of a store's refusal.
    init(_ error: StoreError) {
        switch error.code {
        case .notFound: self = .notFound(error.message)
        case .invalid:
            self = .invalid([FieldProblem(field: error.field ?? "", message: error.message, remedy: error.remedy)])
        case .conflict, .beyondQuota:
            self = .conflict(
                reason: error.description,
                remedy: error.remedy ?? "Change the request, or the object that conflicts with it."
            )
        case .forbidden: self = .forbidden(error.message)
        }
    }

    /// The request error of a database failure, or nil if it is a fault of the server.
    init?(_ error: PostgresError) {
        switch error.code {
        case .cannotConnect:
            let reason = PostgresError.outage(error.sqlState) ?? "The database cannot be reached"
            self = .unavailable(reason: "\(reason); nothing was changed.")
        case .connectionLost:
            self = .unavailable(
                reason:
                    "The connection to the database was lost meanwhile: the request may or may not have been carried out."
            )
        case .shutDown:
            self = .unavailable(reason: "The server is stopping; nothing was changed.")
        case .poolExhausted:
            self = .overloaded(retryAfterSeconds: 1)
        case .timeout, .cancelled:
            self = .unavailable(reason: "The database took too long: the request may or may not have been carried out.")
        default:
            if let refusal = StoreError.beyondQuota(error) {
                self.init(refusal)
            } else if error.hostFunction != nil, PostgresError.outage(error.sqlState) == nil {
                let refusal = WriteRefusal(error)
                let reason = "Nothing was changed. \(refusal.cause)."
                self =
                    refusal.isOfContent
                    ? .refusedByHostFunction(reason: reason) : .hostFunctionFailed(reason: reason)
            } else if ["42883", "42P01", "42703"].contains(error.sqlState) {
                self = .unavailable(reason: "The database lacks part of the schema: run `switchyard migrate up`.")
            } else if let state = error.sqlState, let reason = PostgresError.outage(state) {
                self = .unavailable(reason: "\(reason); nothing was changed.")
            } else {
                return nil
            }
        }
    }

    /// The request error of a refusal to simulate.
    init(_ refusal: RuleSimulator.Refusal) {
        switch refusal {
        case .tooLong:
            self = .invalid([
                FieldProblem(
                    field: "days",
                    message: refusal.description,
                    remedy: "Simulate fewer leads: fewer days, or a smaller limit."
                )
            ])
        }
    }

    /// The request error of a rule set that is not published.
    init(_ refusal: RuleSetRefusal) {
        switch refusal {
        case .moved: self = .conflict(reason: refusal.description, remedy: refusal.remedy)
        case .noDraft: self = .notFound(refusal.description)
        case .problems(let problems): self.init(InvalidDocument(problems))
        }
    }

    /// The request error of an invalid document.
    init(_ error: InvalidDocument) {
        self = .invalid(error.problems)
    }

    /// The request error of any error of lower modules, or nil if it is a fault of the server.
    init?(cause: any Error) {
        switch cause {
        case let error as RequestError: self = error
        case let error as IntakeError: self.init(error)
        case let error as RouteRefusal: self.init(error)
        case let error as RuleSimulator.Refusal: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as PreconditionFailure: self = .preconditionFailed(current: error.current)
        case let error as RuleSetRefusal: self.init(error)
        case let error as InvalidDocument: self.init(error)
        case let error as PostgresError: self.init(error)
        default: return nil
        }
    }
}

/// Runs the body of a use case, and maps errors of lower modules to ``RequestError`` where possible.
func mappingErrors<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch {
        throw RequestError(cause: error) ?? error
    }
}
