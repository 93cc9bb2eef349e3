import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Web

extension BackendError {
    /// What a failed intake means for the caller.
    init(_ error: IntakeError) {
        switch error.code {
        case .overloaded:
            self = .overloaded(retryAfterSeconds: max(1, Int(error.retryAfter?.components.seconds ?? 1)))
        case .unknownWorkspace:
            self = .invalid([
                FieldProblem(
                    field: "workspaceId",
                    message: "There is no such workspace.",
                    remedy: "Name a workspace that GET /api/workspaces lists."
                )
            ])
        case .rejected:
            self = .conflict(
                reason: error.description,
                remedy: "Nothing was stored. Send the lead again; if it is refused again, send us its request id."
            )
        case .requestInFlight:
            self = .conflict(reason: error.description, remedy: "Wait for its answer, or repeat it after a second.")
        case .keyMismatch: self = .reusedKey
        case .unavailable, .outcomeUnknown, .shuttingDown:
            self = .unavailable(reason: error.description)
        }
    }

    /// What a refusal to route a lead now means for the caller.
    init(_ refusal: RouteRefusal) {
        switch refusal.code {
        case .notFound:
            self = .notFound(refusal.description)
        case .busy:
            self = .conflict(reason: refusal.description, remedy: "Ask for it again in a moment: GET /api/leads/{id}.")
        case .final(.failed):
            self = .conflict(
                reason: refusal.description,
                remedy: "Mend what its history names, then put it back: `switchyard retry LEAD-ID`."
            )
        case .final:
            self = .conflict(reason: refusal.description, remedy: "Send the lead again as a new one.")
        case .paused:
            self = .conflict(
                reason: refusal.description,
                remedy: "GET /api/routing/pauses says who paused it; POST /api/routing/resume ends it."
            )
        case .unsettled:
            self = .overloaded(retryAfterSeconds: 1)
        }
    }

    /// What a refusal of the store means for the caller.
    init(_ error: StoreError) {
        switch error.code {
        case .notFound: self = .notFound(error.message)
        case .invalid:
            self = .invalid([FieldProblem(field: error.field ?? "", message: error.message, remedy: error.remedy)])
        case .conflict:
            self = .conflict(
                reason: error.description,
                remedy: error.remedy ?? "Change the request, or what stands in its way."
            )
        case .forbidden: self = .forbidden(error.message)
        }
    }

    /// What a failure of the database means for the caller, or nil if it is a fault of ours.
    init?(_ error: PostgresError) {
        switch error.code {
        case .cannotConnect:
            let reason = PostgresError.outage(error.sqlState) ?? "The database cannot be reached"
            self = .unavailable(reason: "\(reason); nothing was done.")
        case .connectionLost:
            self = .unavailable(
                reason: "The database was lost while it worked on this: what was asked for may or may not be done."
            )
        case .shutDown:
            self = .unavailable(reason: "The server is stopping; nothing was done.")
        case .poolExhausted:
            self = .overloaded(retryAfterSeconds: 1)
        case .timeout, .cancelled:
            self = .unavailable(reason: "The database took too long: what was asked for may or may not be done.")
        default:
            if ["42883", "42P01", "42703"].contains(error.sqlState) {
                self = .unavailable(reason: "The database lacks part of the schema: run `switchyard migrate up`.")
            } else if let state = error.sqlState, let reason = PostgresError.outage(state) {
                self = .unavailable(reason: "\(reason); nothing was done.")
            } else {
                return nil
            }
        }
    }
}

/// Runs something and tells the caller, in the API's terms, why it did not work.
func tellingCaller<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as IntakeError {
        throw BackendError(error)
    } catch let error as RouteRefusal {
        throw BackendError(error)
    } catch let error as RuleSimulator.Refusal {
        throw BackendError(error)
    } catch let error as StoreError {
        throw BackendError(error)
    } catch let error as RuleSetRefusal {
        throw BackendError(error)
    } catch let error as DocumentProblems {
        throw BackendError(error)
    } catch let error as PostgresError {
        throw BackendError(error) ?? error
    }
}
