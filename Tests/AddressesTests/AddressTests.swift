import Testing

@testable import Addresses

/// Addresses and networks: both families, and the mapped form of IPv4.
struct AddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::ffff:c000:201", "192.0.2.1"), ("::1", "::1"), ("::", "::"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
    ])
    func addressIsParsedAndPrinted(text: String, printed: String) {
        #expect(IPAddress(text)?.description == printed)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/8", "[::1]", "fe80::1%eth0", ":::", "12345::",
        "1.2.3.4:80",
        "::ffff:1.2.3", "localhost", " 1.2.3.4", "1.2.3.4\0", "01.2.3.4",
    ])
    func otherTextIsRefused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func mappedAddressIsTheIPv4Address() throws {
        let plain = try #require(IPAddress("192.0.2.1"))
        #expect(IPAddress("::ffff:192.0.2.1") == plain)
        #expect(plain.isV4)
        // ::192.0.2.1, the deprecated form, is another address.
        #expect(IPAddress("::192.0.2.1") != plain)
    }

    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false),
        ("192.0.2.0/24", "::ffff:192.0.2.7", true), ("192.0.2.9", "192.0.2.9", true),
        ("192.0.2.9", "192.0.2.8", false), ("0.0.0.0/0", "203.0.113.1", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true), ("::/0", "203.0.113.1", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::1", false), ("2001:db8::/64", "2001:db8::ffff", true),
        ("2001:db8::/65", "2001:db8:0:0:8000::1", false), ("::ffff:192.0.2.0/120", "192.0.2.200", true),
        ("::ffff:0:0/96", "192.0.2.1", true), ("192.0.2.77/24", "192.0.2.1", true),
    ])
    func networkContainsItsAddresses(network: String, address: String, expected: Bool) throws {
        #expect(try #require(IPNetwork(network)).contains(try #require(IPAddress(address))) == expected)
    }

    @Test(arguments: ["", "/8", "1.2.3.4/", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/8/8", "x/8"])
    func otherNetworkIsRefused(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test func networkIsPrintedCanonically() {
        #expect(IPNetwork("192.0.2.77/24")?.description == "192.0.2.0/24")
        #expect(IPNetwork("192.0.2.77")?.description == "192.0.2.77/32")
        #expect(IPNetwork("2001:db8::1/32")?.description == "2001:db8::/32")
        #expect(IPNetwork("::/0")?.description == "::/0")
    }

    @Test func clientsOfOneNetworkAreOne() throws {
        let first = try #require(IPAddress("2001:db8::1"))
        #expect(first.client == IPAddress("2001:db8::ffff:1")?.client)
        #expect(first.client != IPAddress("2001:db8:0:1::1")?.client)
        #expect(IPAddress("192.0.2.1")?.client != IPAddress("192.0.2.2")?.client)
    }
}
