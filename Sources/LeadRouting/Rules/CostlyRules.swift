import FoundationEssentials
package import Logging
package import RoutingRules
import Synchronization

/// Switches off rules whose conditions take more steps than a decision may, so that the next lead does not pay again.
///
/// Nothing waits for it: leads are decided within their limits meanwhile. A rule of the platform stays on, because the
/// leads of any workspace could have it switched off; its notice is written all the same.
package final class CostlyRules: Sendable {
    /// Switches a rule off with a notice to its owner.
    package typealias SwitchOff = @Sendable (ExceededSteps) async throws -> Void

    private let switchOff: SwitchOff
    private let logger: Logger
    /// What switches rules off at the moment, by rule.
    private let underWay = Mutex<[UUID: Task<Void, Never>]>([:])

    /// What switches rules off.
    package init(logger: Logger, switchOff: @escaping SwitchOff) {
        self.logger = logger
        self.switchOff = switchOff
    }

    /// Switches the rules of these decisions off, each once at a time, and does not wait for it.
    package func note(_ decisions: some Sequence<ExceededSteps>) {
        for exceeded in decisions {
            underWay.withLock { underWay in
                guard underWay[exceeded.rule] == nil else { return }
                underWay[exceeded.rule] = Task { await run(exceeded) }
            }
        }
    }

    /// Waits until the rules noted so far are switched off.
    package func finish() async {
        for task in underWay.withLock({ Array($0.values) }) { await task.value }
    }

    private func run(_ exceeded: ExceededSteps) async {
        do {
            try await switchOff(exceeded)
            logger.warning(
                "a rule takes too many steps",
                metadata: ["rule.id": "\(exceeded.rule)", "rule.off": "\(!exceeded.isShared)"]
            )
        } catch {
            // The next decision that exceeds its steps tries again.
            logger.warning("a costly rule was not switched off", metadata: ["error": "\(error)"])
        }
        _ = underWay.withLock { $0.removeValue(forKey: exceeded.rule) }
    }
}
