import Synchronization

/// Passes elements from one task to another, in order; the sender waits while too much is unfinished.
final class BoundedChannel<Element: Sendable>: Sendable {
    private struct State {
        /// Sent but not received: few, since the sender waits.
        var waiting: [Element] = []
        /// The weight of sent but unfinished elements.
        var weight = 0
        var isClosed = false
        var receiver: CheckedContinuation<Void, Never>?
        var sender: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let limit: Int

    /// A channel whose sender waits while elements of more than this weight are unfinished.
    init(limit: Int) { self.limit = limit }

    /// Sends an element, and waits until the weight is below the limit or the channel is closed.
    func send(_ element: Element, weight: Int) async {
        let receiver = state.withLock { state in
            state.waiting.append(element)
            state.weight += weight
            defer { state.receiver = nil }
            return state.receiver
        }
        receiver?.resume()
        await withCheckedContinuation { continuation in
            let hasRoom = state.withLock { state in
                let hasRoom = state.weight <= limit || state.isClosed
                if !hasRoom { state.sender = continuation }
                return hasRoom
            }
            if hasRoom { continuation.resume() }
        }
    }

    /// The next element, once there is one; nil once the channel is closed and empty.
    func receive() async -> Element? {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                let isReady = !state.waiting.isEmpty || state.isClosed
                if !isReady { state.receiver = continuation }
                return isReady
            }
            if isReady { continuation.resume() }
        }
        return state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }

    /// Marks a received element of this weight as finished.
    func finish(weight: Int) {
        let sender = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.weight -= weight
            guard state.weight <= limit else { return nil }
            defer { state.sender = nil }
            return state.sender
        }
        sender?.resume()
    }

    /// Closes the channel; neither side waits any longer.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { (state.receiver, state.sender) = (nil, nil) }
            return [state.receiver, state.sender]
        }
        for continuation in waiting { continuation?.resume() }
    }
}
