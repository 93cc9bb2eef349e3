import Addresses
import Synchronization
import Testing

@testable import Outbound

/// Which addresses a request to a tenant's destination reaches.
@Suite(.timeLimit(.minutes(1))) struct AddressGuardTests {
    /// The first and the last address of each network that is no part of the internet.
    static let reserved = [
        ("0.0.0.0", "0.255.255.255"), ("10.0.0.0", "10.255.255.255"), ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"), ("169.254.0.0", "169.254.255.255"), ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"), ("192.0.2.0", "192.0.2.255"), ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"), ("198.18.0.0", "198.19.255.255"), ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"), ("224.0.0.0", "239.255.255.255"), ("240.0.0.0", "255.255.255.255"),
        // Unspecified, loopback, IPv4-compatible, IPv4-mapped.
        ("::", "::1"), ("::7f00:1", "::ffff:ffff"), ("::ffff:10.0.0.1", "::ffff:127.0.0.1"),
        // NAT64: the well-known prefix, and the local-use one.
        ("64:ff9b::808:808", "64:ff9b::a00:1"), ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
        ("100::", "100::ffff:ffff:ffff:ffff"),
        // Teredo, benchmarking, ORCHID; documentation; 6to4.
        ("2001::", "2001::ffff:ffff"), ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"), ("2001:10::", "2001:1ff::"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), ("3fff::", "3fff:fff::ffff"),
        ("2002::", "2002:7f00:1::1"),
        // Segment routing; unique local; link-local; site-local; multicast.
        ("5f00::", "5f00:ffff::"), ("fc00::", "fdff:ffff::"), ("fe80::", "febf:ffff::"), ("fec0::", "feff:ffff::"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        // Metadata: the usual one, Azure's public one, AWS's and Google's of IPv6.
        ("169.254.169.254", "168.63.129.16"), ("fd00:ec2::254", "fd20:ce::254"),
    ]

    @Test(arguments: reserved) func reservedAddressIsRefused(first: String, last: String) throws {
        for text in [first, last] {
            let address = try #require(IPAddress(text))
            #expect(!AddressGuard().allows(address), "\(text)")
            #expect(AddressGuard.operatorDestinations.allows(address), "\(text)")
        }
    }

    /// Neighbours of the networks above, and ordinary addresses.
    @Test(arguments: [
        "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
        "203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.17", "8.8.8.8", "2000::1", "2001:200::1",
        "2001:db7::1", "2001:db9::1", "2003::1", "2606:4700:4700::1111", "2a00:1450:4001::1", "3ffe::1",
    ])
    func publicAddressIsAllowed(text: String) throws {
        #expect(AddressGuard().allows(try #require(IPAddress(text))))
    }

    /// A network whose text cannot be read would be missing without a sign.
    @Test func everyNetworkIsRead() {
        #expect(AddressGuard.reservedIPv4.count == 15 && AddressGuard.reservedIPv6.count == 4)
        #expect(AddressGuard.globalUnicast.count == 1 && AddressGuard.metadata.count == 11)
    }

    @Test(arguments: [
        ("10.1.0.0/16", "10.1.2.3", true), ("10.1.0.0/16", "10.2.0.1", false), ("fd12::/16", "fd12::1", true),
        // A metadata address has to be named.
        ("169.254.0.0/16", "169.254.169.254", false), ("169.254.0.0/16", "169.254.1.1", true),
        ("169.254.169.254", "169.254.169.254", true), ("0.0.0.0/0", "168.63.129.16", false),
        ("fd00::/8", "fd00:ec2::254", false),
        // What NAT64 translates has to be allowed as well.
        ("64:ff9b::/96", "64:ff9b::808:808", true), ("64:ff9b::/96", "64:ff9b::a00:1", false),
        ("64:ff9b::/96", "64:ff9b::a9fe:a9fe", false),
    ])
    func allowedNetworkIsReached(network: String, address: String, isAllowed: Bool) throws {
        let addresses = AddressGuard(allowing: [try #require(IPNetwork(network))])
        #expect(addresses.allows(try #require(IPAddress(address))) == isAllowed)
    }

    // MARK: - Connections

    private static func answer(_ connection: inout Connection) async throws {
        while true {
            _ = try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
    }

    private func failure(_ client: OutboundHTTPClient, _ url: String) async -> OutboundError? {
        await #expect(throws: OutboundError.self) { try await client.send(OutboundRequest("POST", url)) }
    }

    /// However an address is spelled, the one that is connected to counts.
    @Test(arguments: [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "%31%32%37.0.0.1", "localhost",
        "LOCALHOST", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
    ])
    func localAddressIsRefused(host: String) async throws {
        try await LocalServer.run(Self.answer) { server in
            let error = await failure(OutboundHTTPClient(userAgent: "x"), "http://\(host):\(server.port)/secret")
            #expect(error?.code == .addressRefused && error?.isRetriable == false)
            #expect(error.map { "\($0)".contains("secret") || "\($0)".contains(host) } == false)
            #expect(server.connections == 0)
        }
    }

    @Test(arguments: ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"])
    func nameOfPrivateAddressIsRefused(address: String) async throws {
        try await LocalServer.run(Self.answer) { server in
            let name = "private-\(server.port).example"
            let client = OutboundHTTPClient(
                userAgent: "x",
                trustedCertificates: nil,
                resolving: ["\(name):\(server.port):\(address)"]
            )
            let error = await failure(client, "http://\(name):\(server.port)/")
            #expect(error?.code == .addressRefused)
            #expect(server.connections == 0)
        }
    }

    /// libcurl goes on to the name's next address.
    @Test func allowedAddressOfNameIsUsed() async throws {
        try await LocalServer.run(Self.answer) { server in
            let name = "mixed-\(server.port).example"
            let client = OutboundHTTPClient(
                userAgent: "x",
                addresses: AddressGuard(allowing: [try #require(IPNetwork("127.0.0.1"))]),
                trustedCertificates: nil,
                resolving: ["\(name):\(server.port):10.0.0.1,127.0.0.1"]
            )
            let response = try await client.send(OutboundRequest("POST", "http://\(name):\(server.port)/"))
            #expect(response.status == 200)
        }
    }

    /// A connection that another request has opened to a private address is no way around the guard.
    @Test func keptConnectionIsRefused() async throws {
        try await LocalServer.run(Self.answer) { server in
            let configured = OutboundHTTPClient(userAgent: "x", addresses: .operatorDestinations)
            for _ in 0..<2 {
                let response = try await configured.send(OutboundRequest("POST", server.url))
                #expect(response.status == 200)
            }
            #expect(server.connections == 1)
            let error = await failure(OutboundHTTPClient(userAgent: "x"), server.url)
            #expect(error?.code == .addressRefused)
        }
    }

    @Test func mailServerIsGuarded() async throws {
        try await LocalServer.run(Self.answer) { server in
            let error = await #expect(throws: OutboundError.self) {
                try await OutboundMailClient.send(
                    OutboundMail(
                        host: "127.0.0.1",
                        port: server.port,
                        encryption: .startTLS,
                        from: "a@example.com",
                        to: ["b@example.com"],
                        text: "Subject: x\r\n\r\nOne\r\n"
                    )
                )
            }
            #expect(error?.code == .addressRefused)
            #expect(server.connections == 0)
        }
    }

    // MARK: - Proxy

    /// The operator chose the proxy's address; names are the proxy's to resolve and to judge.
    @Test func proxyIsReachedForNames() async throws {
        try await LocalServer.run(Self.answer) { server in
            let client = OutboundHTTPClient(userAgent: "x", proxy: OutboundProxy(server.url))
            let response = try await client.send(OutboundRequest("POST", "http://switchyard.invalid/hook"))
            #expect(response.status == 200)
            #expect(server.connections == 1)
        }
    }

    @Test(arguments: [
        "127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "%31%32%37.0.0.1", "localhost", "a.localhost.", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "169.254.169.254", "10.0.0.1", "[fd00:ec2::254]", "１２７.0.0.1",
    ])
    func proxyIsNotAskedForPrivateAddresses(host: String) async throws {
        try await LocalServer.run(Self.answer) { server in
            let client = OutboundHTTPClient(userAgent: "x", proxy: OutboundProxy(server.url))
            let error = await failure(client, "http://\(host)/")
            #expect(error?.code == .addressRefused)
            #expect(server.connections == 0)
        }
    }
}
