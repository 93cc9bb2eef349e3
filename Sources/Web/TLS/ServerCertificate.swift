import CLibSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The certificate and the key of the server, in files that may change while it runs.
package final class ServerCertificate: Sendable {
    /// Why the files cannot be used.
    package struct Unusable: Error, Sendable, CustomStringConvertible {
        /// The reason, without content of the files.
        package let description: String
    }

    /// A context of libssl, which counts its users itself: connections keep theirs after a change.
    final class Context: @unchecked Sendable {
        let pointer: OpaquePointer

        init(_ pointer: OpaquePointer) { self.pointer = pointer }

        deinit { SSL_CTX_free(pointer) }
    }

    /// What tells two states of a file apart.
    private struct Stamp: Sendable, Equatable {
        var inode: UInt64 = 0
        var bytes: Int64 = 0
        var seconds = 0
        var nanoseconds = 0
    }

    private struct State {
        var context: Context
        var stamps: [Stamp]
    }

    private let certificate: String
    private let key: String
    private let state: Mutex<State>

    /// Reads the files, in PEM: the certificate with its chain, and its key without a password.
    ///
    /// - Throws: ``Unusable``.
    package init(certificate: String, key: String) throws(Unusable) {
        self.certificate = certificate
        self.key = key
        let stamps = Self.stamps(certificate, key)
        state = Mutex(State(context: try Self.load(certificate, key), stamps: stamps))
    }

    /// The context for a new connection.
    var context: Context { state.withLock { $0.context } }

    /// Reads the files again if they have changed since they were last read; new connections get what they hold.
    ///
    /// - Returns: whether they have changed.
    /// - Throws: ``Unusable`` if they do not hold a certificate and its key, for example because only one of them is
    ///   written yet: the old ones stay in use, and the next call tries again.
    package func reloadIfChanged() throws(Unusable) -> Bool {
        let stamps = Self.stamps(certificate, key)
        guard state.withLock({ $0.stamps != stamps }) else { return false }
        let context = try Self.load(certificate, key)
        state.withLock { $0 = State(context: context, stamps: stamps) }
        return true
    }

    private static func load(_ certificate: String, _ key: String) throws(Unusable) -> Context {
        guard let pointer = switchyard_tls_new_context() else { throw Unusable(description: "libssl cannot be used") }
        let context = Context(pointer)
        guard switchyard_tls_load(pointer, certificate, key) == 1 else {
            let reason = switchyard_tls_error().map { String(cString: $0) } ?? "unknown"
            throw Unusable(description: "\(certificate) and \(key) hold no certificate with its key: \(reason)")
        }
        return context
    }

    private static func stamps(_ paths: String...) -> [Stamp] {
        paths.map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return Stamp() }
            return Stamp(
                inode: UInt64(status.st_ino),
                bytes: Int64(status.st_size),
                seconds: Int(status.st_mtim.tv_sec),
                nanoseconds: Int(status.st_mtim.tv_nsec)
            )
        }
    }
}
