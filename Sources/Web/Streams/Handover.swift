import Synchronization

/// Hands things from one task to one other, in order; whoever gives waits while too much is under way.
final class Handover<Element: Sendable>: Sendable {
    private struct State {
        /// Given and not taken: few, since the giver waits.
        var waiting: [Element] = []
        /// The weight of what was given and is not done with.
        var weight = 0
        var isFinished = false
        var taker: CheckedContinuation<Void, Never>?
        var giver: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let limit: Int

    /// A handover that makes the giver wait while things of more than this weight are under way.
    init(limit: Int) { self.limit = limit }

    /// Gives something, and waits until there is room for more, or nobody takes any longer.
    func give(_ element: Element, weight: Int) async {
        let taker = state.withLock { state in
            state.waiting.append(element)
            state.weight += weight
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume()
        await withCheckedContinuation { continuation in
            let mayGoOn = state.withLock { state in
                let mayGoOn = state.weight <= limit || state.isFinished
                if !mayGoOn { state.giver = continuation }
                return mayGoOn
            }
            if mayGoOn { continuation.resume() }
        }
    }

    /// Takes the next thing, as soon as there is one; nil once it is finished and all is taken.
    func take() async -> Element? {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                let isReady = !state.waiting.isEmpty || state.isFinished
                if !isReady { state.taker = continuation }
                return isReady
            }
            if isReady { continuation.resume() }
        }
        return state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }

    /// Says that something of this weight, which was taken, is done with.
    func done(weight: Int) {
        let giver = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.weight -= weight
            guard state.weight <= limit else { return nil }
            defer { state.giver = nil }
            return state.giver
        }
        giver?.resume()
    }

    /// Says, from either side, that nothing more comes or is wanted; nobody waits any longer.
    func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            defer { (state.taker, state.giver) = (nil, nil) }
            return [state.taker, state.giver]
        }
        for continuation in waiting { continuation?.resume() }
    }
}
