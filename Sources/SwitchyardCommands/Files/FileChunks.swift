#if canImport(Glibc)
import Glibc
import SwitchyardServer
#endif

/// A file as a sequence of chunks, read on demand.
struct FileChunks: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    private let path: String
    /// The file's length in bytes; 0 for a pipe.
    let size: Int

    private static let pieceSize = 256 << 10

    /// Checks that the file can be read.
    ///
    /// - Throws: `CommandError` with the reason why it cannot be read.
    init(path: String) throws {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.fault(path) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw CommandError("\(path) is a folder.", remedy: "Name a CSV file.")
        }
        guard access(path, R_OK) == 0 else { throw Self.fault(path) }
        size = Int(status.st_size)
    }

    private static func fault(_ path: String) -> CommandError {
        CommandError(
            "Cannot read \(path): \(String(cString: strerror(errno))).",
            remedy: "Check the path and its permissions."
        )
    }

    func makeAsyncIterator() -> Iterator { Iterator(path: path) }

    /// Reads the file from its beginning; closes it when released.
    final class Iterator: AsyncIteratorProtocol {
        private let descriptor: Int32
        private let path: String

        init(path: String) {
            self.path = path
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
        }

        deinit { if descriptor >= 0 { close(descriptor) } }

        /// The next chunk, or nil at the end.
        ///
        /// Reading a local file is fast and needs no separate thread.
        func next() async throws -> [UInt8]? {
            guard descriptor >= 0 else { throw FileChunks.fault(path) }
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: FileChunks.pieceSize) { buffer, count in
                let got = read(descriptor, buffer.baseAddress, buffer.count)
                if got < 0 { failure = errno }
                count = Swift.max(0, got)
            }
            guard failure == 0 else {
                throw CommandError("Reading \(path) failed: \(String(cString: strerror(failure))).")
            }
            return piece.isEmpty ? nil : piece
        }
    }
}
