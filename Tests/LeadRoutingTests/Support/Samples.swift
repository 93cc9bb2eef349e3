import FoundationEssentials
import LeadRouting
import Logging
import RoutingRules
import Synchronization

/// Workspaces, rules and leads of tests.
enum Samples {
    static let partner = UUID.sample(1)
    static let rival = UUID.sample(2)
    static let west = UUID.sample(11)
    static let east = UUID.sample(12)
    static let westRule = UUID.sample(21)

    static let quiet: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    /// Leads of industry “software” go west; `version` is the number of the rules.
    static func rules(version: Int64 = 1, to destination: UUID = west) -> RuleSetSnapshot {
        RuleSetSnapshot(
            version: version,
            workspaces: [partner, rival, west, east]
                .map {
                    Workspace(
                        id: $0,
                        name: "w\($0.text.suffix(2))",
                        type: "partner",
                        isActive: true,
                        isPaused: false,
                        unmatchedPolicy: .keep
                    )
                },
            rules: [
                RoutingRule(
                    id: westRule,
                    workspaceID: nil,
                    name: "Software",
                    priority: 1,
                    destinationWorkspaceID: destination,
                    isActive: true,
                    conditions: RuleConditions(industries: ["software"]),
                    createdAt: 0
                )
            ],
            agreements: []
        )
    }

    static func lead(_ number: Int, industry: String? = "software") -> Lead {
        Lead(email: "person\(number)@example.com", industry: industry)
    }
}

extension UUID {
    /// A predictable id.
    static func sample(_ number: UInt8) -> UUID {
        UUID(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number))
    }
}

/// Random numbers of a seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Rules that a test changes.
final class FakeRules: RuleSource {
    private let state: Mutex<(snapshot: RuleSetSnapshot, loads: Int, polls: Int)>

    init(_ snapshot: RuleSetSnapshot = Samples.rules()) { state = Mutex((snapshot, 0, 0)) }

    var loads: Int { state.withLock { $0.loads } }
    var version: Int64 { state.withLock { $0.snapshot.version } }
    func change(_ snapshot: RuleSetSnapshot) { state.withLock { $0.snapshot = snapshot } }

    func load() async throws -> RuleSetSnapshot {
        let snapshot = state.withLock { state in
            state.loads += 1
            return state.snapshot
        }
        for _ in 0..<10 { await Task.yield() }
        return snapshot
    }

    func version() async throws -> Int64 { version }
}
