/// The requests that have a time limit; confined to the loop.
///
/// One timer serves all of them. Requests that were answered in time stay in the list until the next check, which
/// happens at the earliest deadline or when the list has doubled.
final class Deadlines {
    private let loop: SocketLoop
    private let expired: (Request) -> Void
    private var requests: [Request] = []
    private var timer: (token: TimerList.Token, due: ContinuousClock.Instant)?
    private var sweepAt = 1024

    init(_ loop: SocketLoop, expired: @escaping (Request) -> Void) {
        self.loop = loop
        self.expired = expired
    }

    func add(_ request: Request) {
        guard let deadline = request.deadline else { return }
        if requests.count >= sweepAt {
            requests.removeAll(where: \.isAnswered)
            sweepAt = max(1024, requests.count * 2)
        }
        requests.append(request)
        if let timer, timer.due <= deadline { return }
        schedule(deadline)
    }

    func removeAll() {
        loop.cancel(timer?.token)
        timer = nil
        requests = []
    }

    private func schedule(_ due: ContinuousClock.Instant) {
        loop.cancel(timer?.token)
        let token = loop.after(due - ContinuousClock.now) { [weak self] in self?.look() }
        timer = (token, due)
    }

    private func look() {
        timer = nil
        let now = ContinuousClock.now
        requests.removeAll(where: \.isAnswered)
        let late = requests.filter { ($0.deadline ?? now) <= now }
        requests.removeAll { ($0.deadline ?? now) <= now }
        if let next = requests.lazy.compactMap(\.deadline).min() { schedule(next) }
        for request in late { expired(request) }
    }
}
