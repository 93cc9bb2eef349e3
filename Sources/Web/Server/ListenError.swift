import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why the server cannot listen, with what to do about it.
package struct ListenError: Error, Sendable, CustomStringConvertible {
    /// What stands in the way.
    package enum Code: Sendable, Hashable {
        /// Something else listens there.
        case portInUse
        /// The port is one of those that only root may take.
        case notPermitted
        /// The host is no address of this machine, or no name that can be resolved.
        case noSuchAddress
    }

    /// What stands in the way.
    package let code: Code
    /// The host that was asked for.
    package let host: String
    /// The port that was asked for.
    package let port: Int

    /// The reason behind an error of the socket, or nil if it is about something else.
    init?(_ error: any Error, host: String, port: Int) {
        self.host = host
        self.port = port
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE: code = .portInUse
        case let error as IOError where error.errnoCode == EACCES || error.errnoCode == EPERM: code = .notPermitted
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL: code = .noSuchAddress
        case is SocketAddressError: code = .noSuchAddress
        default:
            guard String(describing: error).contains("unknown host") else { return nil }
            code = .noSuchAddress
        }
    }

    package var description: String {
        switch code {
        case .portInUse:
            """
            Port \(port) of \(host) is in use by another process. Stop it (`ss -ltnp 'sport = :\(port)'` names it), or \
            choose another port with PORT.
            """
        case .notPermitted: "Port \(port) may only be taken by root. Choose one above 1023 with PORT."
        case .noSuchAddress: "\(host) is no address of this machine. Set HOST to one of its addresses, or to 0.0.0.0."
        }
    }
}
