import FoundationEssentials
import LeadStore
import RoutingRules

@testable import LeadRouting

extension RoutingFixture {
    /// The use cases of a node, over this database.
    func useCases() -> UseCases {
        let waiting = router()
        let functions = ScheduledFunctions(stores: stores, router: waiting, logger: Samples.quiet)
        return UseCases(
            stores: stores,
            intake: intake(),
            waiting: waiting,
            simulator: RuleSimulator(stores: stores),
            scheduler: Scheduler(store: stores.schedule, node: "test", logger: Samples.quiet) {
                try await functions.run($0)
            },
            serviceRoleKey: "service-role"
        )
    }
}

extension Caller {
    /// A key of a workspace that may do everything there.
    static func workspace(_ id: UUID) -> Caller {
        Caller(id: "key:\(id.text.suffix(2))", name: "key", workspaceID: id, scopes: [.admin])
    }

    /// The key of the workspace that sends leads.
    static let partner = workspace(Samples.partner)
    /// The key of another workspace that sends leads.
    static let rival = workspace(Samples.rival)
    /// The key of the workspace that the rule sends leads to.
    static let west = workspace(Samples.west)
    /// An administrator's key.
    static let administrator = Caller(id: "key:admin", name: "admin", workspaceID: nil, scopes: [.admin])
}

extension RequestError {
    /// The fields at fault.
    var fields: [String] {
        switch self {
        case .invalid(let problems), .forbidden(_, _, let problems): problems.map(\.field)
        default: []
        }
    }

    /// Whether it is one of the refusals that say that there is no such object.
    var isNotFound: Bool { if case .notFound = self { true } else { false } }
    /// Whether the caller may see the object and not do this.
    var isForbidden: Bool { if case .forbidden = self { true } else { false } }
    /// Whether the state stands against it.
    var isConflict: Bool { if case .conflict = self { true } else { false } }
    /// Whether a value is at fault.
    var isInvalid: Bool { if case .invalid = self { true } else { false } }
}

/// The refusal of a use case; nil if it did not refuse.
func refusal(_ body: () async throws -> some Any) async throws -> RequestError? {
    do {
        _ = try await body()
        return nil
    } catch let error as RequestError {
        return error
    }
}
