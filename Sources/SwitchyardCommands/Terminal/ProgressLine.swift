import SwitchyardServer
import Synchronization

/// Shows how far a long step has come: a bar on a screen, a plain line every tenth otherwise.
final class ProgressLine: Sendable {
    private struct State {
        var shownPercent = -1
        var finished = false
    }

    private let label: String
    private let terminal: Terminal
    private let state = Mutex(State())

    /// Prepares a line on the error stream, so that the output stays clean for results.
    init(_ label: String, on terminal: Terminal) {
        self.label = label
        self.terminal = terminal
    }

    /// Shows the state of things when it has changed by a percent (a tenth where lines cannot be redrawn).
    ///
    /// - Parameters:
    ///   - fraction: how much is done, 0 to 1.
    ///   - detail: what to print beside it.
    func update(_ fraction: Double, _ detail: String) {
        let percent = Int(max(0, min(1, fraction)) * 100)
        let step = terminal.redrawsLines ? percent : percent / 10 * 10
        let show = state.withLock { state in
            guard !state.finished, step > state.shownPercent else { return false }
            state.shownPercent = step
            return true
        }
        guard show else { return }
        if terminal.redrawsLines {
            let filled = percent * 30 / 100
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            terminal.error("\r\u{1B}[2K\(label) \(bar) \(percent)%  \(detail)", terminator: "")
        } else {
            terminal.error("\(label): \(step)%  \(detail)")
        }
    }

    /// Ends the line; further updates are ignored.
    func finish() {
        let wasShown = state.withLock { state in
            defer { state.finished = true }
            return !state.finished && state.shownPercent >= 0
        }
        if wasShown, terminal.redrawsLines { terminal.error("\r\u{1B}[2K", terminator: "") }
    }
}
