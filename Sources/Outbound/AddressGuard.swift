package import Addresses

/// Decides which addresses a connection may be made to.
///
/// A tenant that chooses the destination of a request also decides what its name resolves to, and could reach what only
/// this machine can reach: its own ports, the database, the credentials that a cloud gives to its machines. So the
/// address itself is checked at the moment of the connection, whatever the URL looks like and whenever the name was
/// resolved.
package struct AddressGuard: Sendable, Hashable {
    /// For destinations that the operator configures, such as a receiver of alerts: every address.
    package static let operatorDestinations = AddressGuard(allowsEverything: true, exceptions: [])

    private let allowsEverything: Bool
    private let exceptions: [IPNetwork]

    private init(allowsEverything: Bool, exceptions: [IPNetwork]) {
        self.allowsEverything = allowsEverything
        self.exceptions = exceptions
    }

    /// For destinations that tenants choose: public addresses.
    ///
    /// - Parameter networks: networks that tenants may reach although they are private. A cloud's metadata address is
    ///   reachable only if it is here by itself, not as a part of a network.
    package init(allowing networks: [IPNetwork] = []) {
        self.init(allowsEverything: false, exceptions: networks)
    }

    /// Whether an address may be connected to.
    package func allows(_ address: IPAddress) -> Bool {
        if allowsEverything { return true }
        let isMetadata = Self.metadata.contains(address)
        let isException = exceptions.contains { $0.contains(address) && (!isMetadata || $0.length == 128) }
        // Behind a NAT64 prefix is an IPv4 address, which must be allowed as well.
        if let translated = Self.translated(address) { return isException && allows(translated) }
        if isException { return true }
        if isMetadata { return false }
        if address.isV4 { return !Self.reservedIPv4.contains { $0.contains(address) } }
        return Self.globalUnicast.contains { $0.contains(address) }
            && !Self.reservedIPv6.contains { $0.contains(address) }
    }

    /// The IPv4 address behind the well-known NAT64 prefix.
    private static func translated(_ address: IPAddress) -> IPAddress? {
        guard nat64.contains(where: { $0.contains(address) }) else { return nil }
        return IPAddress(v4: UInt32(truncatingIfNeeded: address.low))
    }

    private static let nat64 = networks("64:ff9b::/96")

    /// IPv4 networks that are not the public internet.
    ///
    /// https://www.iana.org/assignments/iana-ipv4-special-registry
    static let reservedIPv4 = networks(
        // This network and the unspecified address; private networks; addresses that providers share.
        "0.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        // Loopback; link-local.
        "127.0.0.0/8",
        "169.254.0.0/16",
        // Protocol assignments; documentation; relays of 6to4; benchmarking.
        "192.0.0.0/24",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        // Multicast; reserved, with the broadcast address.
        "224.0.0.0/4",
        "240.0.0.0/4"
    )

    /// The only addresses of IPv6 that are given to hosts on the internet.
    ///
    /// Outside of it are the unspecified and the loopback address, IPv4-compatible addresses, NAT64, unique local,
    /// link-local, site-local and multicast addresses.
    static let globalUnicast = networks("2000::/3")

    /// Networks within it that are no hosts on the internet, or that lead to IPv4 addresses.
    ///
    /// https://www.iana.org/assignments/iana-ipv6-special-registry
    static let reservedIPv6 = networks(
        // Protocol assignments, with Teredo, benchmarking and ORCHID; documentation; 6to4.
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "2002::/16"
    )

    /// The addresses at which clouds give credentials and settings to their machines.
    static let metadata: Set<IPAddress> = Set(
        [
            // Most clouds; tasks and pods at AWS; Scaleway; Oracle; Alibaba; Azure's, which is a public address.
            "169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.42.42", "192.0.0.192", "100.100.100.200",
            "168.63.129.16",
            // AWS, its pods, Google, Scaleway.
            "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42",
        ]
        .compactMap { IPAddress($0) }
    )

    private static func networks(_ texts: String...) -> [IPNetwork] { texts.compactMap { IPNetwork($0) } }
}
