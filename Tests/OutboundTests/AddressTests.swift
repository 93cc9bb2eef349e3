import Testing

@testable import Outbound

/// Addresses that secrets may be sent to, and what of an address is recorded.
@Suite struct AddressTests {
    @Test(arguments: [
        "https://example.com", "https://example.com/x?y", "http://127.0.0.1:9/x", "http://localhost/x",
        "http://[::1]:80/x",
        "http://127.1.2.3",
    ])
    func secureOrLocalAddressIsAccepted(text: String) { #expect(OutboundAddress(text)?.text == text) }

    @Test(arguments: [
        "http://example.com", "http://127.0.0.1.example.com/", "http://localhost.example.com", "ftp://127.0.0.1",
        "example.com", "https://", "https:///x", "http://a@example.com", "http://127.0.0.1@example.com/", "https://a b",
        "http://127.0.0.1:80@example.com/", "http://127.example", "",
    ])
    func otherAddressIsRefused(text: String) { #expect(OutboundAddress(text) == nil) }

    @Test(arguments: [
        ("http://[::1]:4318/x", "::1"), ("https://a.b", "a.b"), ("x", ""),
        ("https://user:word@a.b:8443/secret?key=secret", "a.b"),
    ])
    func hostIsWhatIsRecorded(url: String, host: String) { #expect(OutboundRequest("POST", url).host == host) }

    @Test func requestPrintsNoSecret() {
        let request = OutboundRequest(
            "POST",
            "https://a.b/secret",
            headers: [HeaderField("X", "secret")],
            body: Array("secret".utf8)
        )
        var dumped = "\(request) \(String(reflecting: request))"
        dump(request, to: &dumped)
        #expect(!dumped.contains("secret"))
    }
}
