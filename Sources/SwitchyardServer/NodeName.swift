import FoundationEssentials
import LeadRouting
import RoutingRules

#if canImport(Glibc)
import Glibc
#endif

/// What this process calls itself in the record of scheduled runs.
package enum NodeName {
    /// The host's name for people, and an id of this process: two processes never share one, whatever the host is called.
    package static func make() -> String { "\(host())/\(getpid())/\(UUID.new().text.suffix(8))" }

    /// The host's name; `unknown` if the system does not tell.
    package static func host() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        return gethostname(&buffer, buffer.count - 1) == 0
            ? String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            : "unknown"
    }
}
