import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why the server cannot listen, with the remedy.
package struct ListenError: Error, Sendable, CustomStringConvertible {
    /// The reason.
    package enum Code: Sendable, Hashable {
        /// Another process uses the port.
        case portInUse
        /// Only root may use the port.
        case notPermitted
        /// The host is not an address of this machine, or cannot be resolved.
        case noSuchAddress
    }

    /// The reason.
    package let code: Code
    /// The configured host.
    package let host: String
    /// The configured port.
    package let port: Int
    private let variables: AddressVariables

    /// The error for a socket error, or nil if it has another cause.
    init?(_ error: any Error, host: String, port: Int, variables: AddressVariables = .api) {
        self.host = host
        self.port = port
        self.variables = variables
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
            choose another port with \(variables.port).
            """
        case .notPermitted: "Port \(port) may only be used by root. Choose one above 1023 with \(variables.port)."
        case .noSuchAddress:
            "\(host) is not an address of this machine. Set \(variables.host) to one of its addresses, or to 0.0.0.0."
        }
    }
}
