import Synchronization

@testable import Monitoring

/// A target that records its messages, and fails as often as configured.
final class RecordingTarget: AlertTarget {
    let name: String
    private let state: Mutex<(told: [AlertMessage], failures: [DeliveryFailure])>
    private let least: AlertRule.Severity

    init(_ name: String = "webhook", least: AlertRule.Severity = .info, failures: [DeliveryFailure] = []) {
        self.name = name
        self.least = least
        state = Mutex(([], failures))
    }

    var told: [AlertMessage] { state.withLock { $0.told } }

    func accepts(_ severity: AlertRule.Severity) -> Bool { severity >= least }

    func send(_ message: AlertMessage) async throws {
        let failure = state.withLock { state -> DeliveryFailure? in
            guard state.failures.isEmpty else { return state.failures.removeFirst() }
            state.told.append(message)
            return nil
        }
        if let failure { throw failure }
    }
}
