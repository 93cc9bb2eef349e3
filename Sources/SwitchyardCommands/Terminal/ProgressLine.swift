import Glibc
import SwitchyardServer
import Synchronization

#if canImport(Glibc)
#endif

/// Shows how far a long step has come: a bar on a terminal, a plain line every tenth otherwise.
final class ProgressLine: Sendable {
    private struct State {
        var shownPercent = -1
        var finished = false
    }

    private let label: String
    private let isTerminal: Bool
    private let state = Mutex(State())

    /// Prepares a line on standard error, so that standard output stays clean for results.
    init(_ label: String) {
        self.label = label
        isTerminal = isatty(STDERR_FILENO) == 1
    }

    /// Shows the state of things when it has changed by a percent (a tenth without a terminal).
    ///
    /// - Parameters:
    ///   - fraction: how much is done, 0 to 1.
    ///   - detail: what to print beside it.
    func update(_ fraction: Double, _ detail: String) {
        let percent = Int(max(0, min(1, fraction)) * 100)
        let step = isTerminal ? percent : percent / 10 * 10
        let show = state.withLock { state in
            guard !state.finished, step > state.shownPercent else { return false }
            state.shownPercent = step
            return true
        }
        guard show else { return }
        if isTerminal {
            let filled = percent * 30 / 100
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            Standard.error("\r\u{1B}[2K\(label) \(bar) \(percent)%  \(detail)", terminator: "")
        } else {
            Standard.error("\(label): \(step)%  \(detail)")
        }
    }

    /// Ends the line; further updates are ignored.
    func finish() {
        let wasShown = state.withLock { state in
            defer { state.finished = true }
            return !state.finished && state.shownPercent >= 0
        }
        if wasShown, isTerminal { Standard.error("\r\u{1B}[2K", terminator: "") }
    }
}
