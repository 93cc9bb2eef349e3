#if canImport(Glibc)
import Glibc
#endif

/// The process's own output streams, written at once.
///
/// `print` is block-buffered into a file or pipe, so what a person or a script waits for goes through here.
package enum Standard {
    /// Writes a line to standard output.
    package static func output(_ text: String, terminator: String = "\n") {
        write(text + terminator, to: STDOUT_FILENO)
    }

    /// Writes a line to standard error.
    package static func error(_ text: String, terminator: String = "\n") {
        write(text + terminator, to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
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
