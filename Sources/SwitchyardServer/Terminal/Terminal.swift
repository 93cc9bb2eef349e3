#if canImport(Glibc)
import Glibc
#endif

/// The output of a command or a server, for operators and scripts.
///
/// Tests pass one that collects the text; all other code uses ``process``.
package struct Terminal: Sendable {
    /// The two streams of a terminal.
    package enum Stream: Sendable {
        /// Results.
        case output
        /// Progress, warnings and errors.
        case error
    }

    /// Whether a line of the error stream can be redrawn: on a screen, not in a file.
    package let redrawsLines: Bool
    private let write: @Sendable (String, Stream) -> Void

    /// A terminal that passes text to a function.
    package init(redrawsLines: Bool = false, write: @escaping @Sendable (String, Stream) -> Void) {
        self.redrawsLines = redrawsLines
        self.write = write
    }

    /// Writes a line of results.
    package func output(_ text: String, terminator: String = "\n") { write(text + terminator, .output) }

    /// Writes a line of progress or of an error.
    package func error(_ text: String, terminator: String = "\n") { write(text + terminator, .error) }
}

extension Terminal {
    /// The process's own standard output and standard error.
    ///
    /// Text is written at once: `print` buffers into a file or pipe, where a script may wait for it.
    package static let process = Terminal(redrawsLines: isatty(STDERR_FILENO) == 1) { text, stream in
        let descriptor = stream == .output ? STDOUT_FILENO : STDERR_FILENO
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else {
                guard written < 0, errno == EINTR else { return }
                continue
            }
            bytes = bytes.dropFirst(written)
        }
    }
}
