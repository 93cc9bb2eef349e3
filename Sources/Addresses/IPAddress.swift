#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An IP address, as 128 bits: an IPv4 address is the IPv6 address that maps it (`::ffff:192.0.2.1`).
///
/// So the two forms of one address are equal, and a rule for the one holds for the other. A value of 16 bytes that
/// needs no memory of its own. Scope ids are left out.
package struct IPAddress: Sendable, Hashable {
    /// The first 64 bits.
    package let high: UInt64
    /// The last 64 bits.
    package let low: UInt64

    /// An address of its bits.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An IPv4 address.
    package init(v4 bits: UInt32) {
        self.init(high: 0, low: 0xffff << 32 | UInt64(bits))
    }

    /// An IPv6 address of its 16 bytes in network order; nil for another number of bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        func bits(_ part: some Sequence<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: bits(bytes.prefix(8)), low: bits(bytes.dropFirst(8)))
    }

    /// Parses an address; nil if the text is none.
    ///
    /// Accepts `192.0.2.1`, `2001:db8::1` and `::ffff:192.0.2.1`; no port, no brackets, no scope id, no leading zeros.
    package init?(_ text: some StringProtocol) {
        guard 2...45 ~= text.utf8.count, !text.utf8.contains(0) else { return nil }
        let text = String(text)
        if text.utf8.contains(UInt8(ascii: ":")) {
            var address = in6_addr()
            guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
            let parsed = withUnsafeBytes(of: &address) { Self(bytes: $0) }
            guard let parsed else { return nil }
            self = parsed
        } else {
            var address = in_addr()
            guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
            self.init(v4: UInt32(bigEndian: address.s_addr))
        }
    }

    /// Whether it is an IPv4 address, in either form.
    package var isV4: Bool { high == 0 && low >> 32 == 0xffff }

    /// The addresses that one client has at its disposal: the address itself for IPv4, its /64 network for IPv6.
    package var client: IPAddress { isV4 ? self : IPAddress(high: high, low: 0) }
}

extension IPAddress: CustomStringConvertible {
    /// The usual text: dotted for IPv4 in either form, otherwise as in RFC 5952.
    package var description: String {
        let size = 46
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
            if isV4 {
                var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
                _ = inet_ntop(AF_INET, &address, buffer.baseAddress, socklen_t(size))
            } else {
                var bits = (high.bigEndian, low.bigEndian)
                _ = inet_ntop(AF_INET6, &bits, buffer.baseAddress, socklen_t(size))
            }
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }
}
