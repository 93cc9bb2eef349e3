/// A network of addresses in CIDR notation, such as `192.0.2.0/24` or `2001:db8::/32`.
package struct IPNetwork: Sendable, Hashable {
    /// Its first address.
    package let address: IPAddress
    /// How many of the 128 bits are fixed; an IPv4 prefix counts from the 96th.
    package let length: Int

    /// Parses a network, or one address; nil if the text is neither.
    ///
    /// The bits beyond the prefix may be set, and are cleared. An IPv4 network also contains the IPv6 addresses that
    /// map its addresses.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        // A mapped address counts its prefix as IPv6 does: the text has colons.
        let isV4 = !parts[0].utf8.contains(UInt8(ascii: ":"))
        var length = 128
        if parts.count == 2 {
            guard 1...3 ~= parts[1].utf8.count, parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let prefix = Int(parts[1]), prefix <= (isV4 ? 32 : 128)
            else { return nil }
            length = isV4 ? 96 + prefix : prefix
        }
        self.length = length
        self.address = Self.masked(address, to: length)
    }

    /// The network of one address.
    package init(_ address: IPAddress) {
        self.address = address
        length = 128
    }

    /// Whether it contains an address; two comparisons.
    package func contains(_ other: IPAddress) -> Bool { Self.masked(other, to: length) == address }

    private static func masked(_ address: IPAddress, to length: Int) -> IPAddress {
        let high: UInt64 = length >= 64 ? .max : length == 0 ? 0 : .max << UInt64(64 - length)
        let low: UInt64 = length <= 64 ? 0 : .max << UInt64(128 - length)
        return IPAddress(high: address.high & high, low: address.low & low)
    }
}

extension IPNetwork: CustomStringConvertible {
    /// Its canonical text, with the length as its family counts it.
    package var description: String {
        address.isV4 && length >= 96 ? "\(address)/\(length - 96)" : "\(address)/\(length)"
    }
}
