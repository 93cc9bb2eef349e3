import Web

#if canImport(Glibc)
import Glibc
#endif

/// Detects that a port is taken before a database is started.
enum PortProbe {
    /// Binds the address briefly.
    ///
    /// - Parameters:
    ///   - host: the host.
    ///   - port: the port; 0 is always free.
    ///   - variables: the settings that the address comes from.
    /// - Throws: `CommandError` if another program listens there, or the address is invalid. A name that is not an IPv4
    ///   address is left to the server itself.
    static func check(host: String, port: Int, variables: AddressVariables = .api) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        guard port != 0, inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &address.sin_addr) == 1 else {
            return
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result != 0 else { return }
        switch errno {
        case EADDRINUSE:
            throw CommandError(
                "Port \(port) on \(host) is in use by another program.",
                remedy: "Stop that program, or choose another port: \(variables.example(8081))."
            )
        case EACCES:
            throw CommandError(
                "Port \(port) may only be used by root.",
                remedy: "Choose a port above 1023: \(variables.example(8080))."
            )
        case EADDRNOTAVAIL:
            throw CommandError(
                "\(host) is not an address of this machine.",
                remedy: "Set \(variables.host) to one of its addresses, or 0.0.0.0."
            )
        default:
            return
        }
    }
}

extension AddressVariables {
    /// How the port is set to a number.
    fileprivate func example(_ number: Int) -> String {
        self == .api ? "\(port)=\(number) or --port \(number)" : "\(port)=\(number)"
    }
}
