import Outbound
import Synchronization

/// A transport that records the requests, and responds with statuses.
final class RecordingTransport: HTTPTransport {
    private let state = Mutex<(sent: [OutboundRequest], statuses: [Int])>(([], []))

    /// - Parameter statuses: of the first responses; then 200.
    init(statuses: [Int] = []) { state.withLock { $0.statuses = statuses } }

    var sent: [OutboundRequest] { state.withLock { $0.sent } }

    func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        state.withLock { state in
            state.sent.append(request)
            return OutboundResponse(status: state.statuses.isEmpty ? 200 : state.statuses.removeFirst())
        }
    }
}
