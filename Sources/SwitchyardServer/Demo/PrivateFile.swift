#if canImport(Glibc)
import Glibc
#endif

/// A file that only its owner may read.
enum PrivateFile {
    /// Writes a text, creating the folder if necessary; the file has mode 0600 from the start.
    static func write(_ text: String, to path: String) throws {
        if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o755) }
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandError("Cannot write \(path): \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var text = text
        let written = text.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == text.utf8.count else {
            throw CommandError("Cannot write \(path) completely. Is the disk full?")
        }
    }
}
