import Synchronization

@testable import Monitoring

/// A target that remembers what it was told, and fails as often as it is asked to.
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

    func wants(_ severity: AlertRule.Severity) -> Bool { severity >= least }

    func tell(_ message: AlertMessage) async throws {
        let failure = state.withLock { state -> DeliveryFailure? in
            guard state.failures.isEmpty else { return state.failures.removeFirst() }
            state.told.append(message)
            return nil
        }
        if let failure { throw failure }
    }
}

/// A way out that remembers what was sent, and answers with a status.
final class RecordingSender: HTTPSending {
    private let state = Mutex<(sent: [OutsideRequest], statuses: [Int])>(([], []))

    init(statuses: [Int] = []) { state.withLock { $0.statuses = statuses } }

    var sent: [OutsideRequest] { state.withLock { $0.sent } }

    func post(_ request: OutsideRequest) async throws -> OutsideAnswer {
        state.withLock { state in
            state.sent.append(request)
            return OutsideAnswer(status: state.statuses.isEmpty ? 200 : state.statuses.removeFirst())
        }
    }
}
