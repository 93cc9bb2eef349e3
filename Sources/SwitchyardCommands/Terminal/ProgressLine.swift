import SwitchyardServer
import Synchronization

/// Shows the progress of a long step: a bar on a screen, otherwise a line every tenth.
final class ProgressLine: Sendable {
    private struct State {
        var shownPercent = -1
        var finished = false
    }

    private let label: String
    private let terminal: Terminal
    private let state = Mutex(State())

    /// Creates a progress line on the error stream, so that the output has results only.
    init(_ label: String, on terminal: Terminal) {
        self.label = label
        self.terminal = terminal
    }

    /// Shows the progress when it has changed by a percent (a tenth where lines cannot be redrawn).
    ///
    /// - Parameters:
    ///   - fraction: the finished part, 0 to 1.
    ///   - detail: additional text.
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
