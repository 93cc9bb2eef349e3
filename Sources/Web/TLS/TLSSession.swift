import CLibSSL
import NIOCore

/// The server's side of one TLS connection, without a socket: ciphertext goes in and comes out.
///
/// libssl's errors are kept by thread, so every call clears them first: loops share threads.
final class TLSSession {
    /// Why decryption stopped.
    enum Stop {
        /// The next bytes have to arrive.
        case needsInput
        /// The client has ended its side (close_notify).
        case ended
        /// The handshake or a record is wrong.
        case failed
    }

    private let ssl: OpaquePointer
    // The context must outlive its connections.
    private let context: ServerCertificate.Context

    /// A connection that waits for the client's first message; nil without memory.
    init?(_ context: ServerCertificate.Context) {
        guard let ssl = switchyard_tls_new(context.pointer) else { return nil }
        self.ssl = ssl
        self.context = context
    }

    deinit { SSL_free(ssl) }

    /// Whether the handshake is done.
    var isEstablished: Bool { switchyard_tls_is_established(ssl) == 1 }

    /// Takes ciphertext from the client.
    func receive(_ ciphertext: ByteBuffer) {
        ciphertext.withUnsafeReadableBytes { bytes in
            _ = BIO_write(SSL_get_rbio(ssl), bytes.baseAddress, Int32(bytes.count))
        }
    }

    /// Appends what can be decrypted; goes on with the handshake if it is not done.
    func decrypt(into plaintext: inout ByteBuffer) -> Stop {
        while true {
            ERR_clear_error()
            var result: Int32 = 0
            plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: 16 << 10) { bytes in
                result = SSL_read(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
                return Int(max(0, result))
            }
            guard result <= 0 else { continue }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: return .needsInput
            case SSL_ERROR_ZERO_RETURN: return .ended
            default: return .failed
            }
        }
    }

    /// Encrypts bytes for the client; false if the connection is broken.
    func encrypt(_ plaintext: ByteBuffer) -> Bool {
        plaintext.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                ERR_clear_error()
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
                let written = SSL_write(ssl, part.baseAddress, Int32(part.count))
                guard written > 0 else { return false }
                rest = rest.dropFirst(Int(written))
            }
            return true
        }
    }

    /// Ends our side (close_notify).
    func end() {
        guard isEstablished else { return }
        ERR_clear_error()
        _ = SSL_shutdown(ssl)
    }

    /// The ciphertext for the client; nil if there is none.
    func output(_ allocator: ByteBufferAllocator) -> ByteBuffer? {
        let count = BIO_ctrl_pending(SSL_get_wbio(ssl))
        guard count > 0 else { return nil }
        var buffer = allocator.buffer(capacity: count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            Int(max(0, BIO_read(SSL_get_wbio(ssl), bytes.baseAddress, Int32(clamping: count))))
        }
        return buffer
    }
}
