import FoundationEssentials
import LeadRouting
import RoutingRules

#if canImport(Glibc)
import Glibc
#endif

/// The name of this process in the record of scheduled runs.
package enum NodeName {
    /// The host's name and an id of this process: two processes never have the same, even with equal host names.
    package static func make() -> String { "\(host())/\(getpid())/\(UUID.new().text.suffix(8))" }

    /// The host's name; `unknown` if the system does not report it.
    package static func host() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        return gethostname(&buffer, buffer.count - 1) == 0
            ? String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            : "unknown"
    }
}
