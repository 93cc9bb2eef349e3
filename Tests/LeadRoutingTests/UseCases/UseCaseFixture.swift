import FoundationEssentials
import LeadStore
import RoutingRules

@testable import LeadRouting

extension RoutingFixture {
    /// The use cases of a node, on this database.
    func useCases() -> UseCases {
        let waiting = router()
        let functions = ScheduledFunctions(stores: stores, router: waiting, logger: Samples.quiet)
        return UseCases(
            stores: stores,
            intake: intake(),
            waiting: waiting,
            scheduler: Scheduler(store: stores.schedule, node: "test", logger: Samples.quiet) {
                try await functions.run($0)
            },
            serviceRoleKey: "service-role",
            failedKeys: FailedKeys(limit: 1_000_000)
        )
    }
}

extension Caller {
    /// A workspace's key with all scopes.
    static func workspace(_ id: UUID) -> Caller {
        Caller(id: "key:\(id.text.suffix(2))", name: "key", workspaceID: id, scopes: [.admin])
    }

    /// The key of the sending workspace.
    static let partner = workspace(Samples.partner)
    /// The key of another sending workspace.
    static let rival = workspace(Samples.rival)
    /// The key of the rule's destination workspace.
    static let west = workspace(Samples.west)
    /// An administrator's key.
    static let administrator = Caller(id: "key:admin", name: "admin", workspaceID: nil, scopes: [.admin])
}

extension RequestError {
    /// The fields of the problems.
    var fields: [String] {
        switch self {
        case .invalid(let problems), .forbidden(_, _, let problems): problems.map(\.field)
        default: []
        }
    }

    /// Whether the object does not exist.
    var isNotFound: Bool { if case .notFound = self { true } else { false } }
    /// Whether the caller may see the object but not do this.
    var isForbidden: Bool { if case .forbidden = self { true } else { false } }
    /// Whether the current state prevents it.
    var isConflict: Bool { if case .conflict = self { true } else { false } }
    /// Whether a value is invalid.
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
