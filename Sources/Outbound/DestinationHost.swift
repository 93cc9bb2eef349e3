import Addresses
import CLibCurl
import Glibc

/// The host of a URL as libcurl reads it: percent-decoded, and without the brackets of an IPv6 address.
struct DestinationHost {
    /// The host's name or address.
    let text: String

    /// The host of a URL; nil if libcurl cannot read it.
    init?(ofURL url: String) {
        guard let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        var part: UnsafeMutablePointer<CChar>?
        guard curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK,
            curl_url_get(handle, CURLUPART_HOST, &part, 0) == CURLUE_OK, let part
        else { return nil }
        defer { curl_free(part) }
        let host = String(cString: part)
        text = host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" && $0 != "%" }) : host
    }

    /// Whether a proxy may be asked for it, which resolves the name itself.
    ///
    /// What is written as an address is judged here, in every spelling that a resolver takes; so are the names of the
    /// loopback address. Any other name is the proxy's to judge.
    func isAllowed(by addresses: AddressGuard) -> Bool {
        guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { return false }
        var name = text.lowercased()
        while name.hasSuffix(".") { name.removeLast() }
        guard !name.isEmpty else { return false }
        if let address = Self.address(name) { return addresses.allows(address) }
        guard !name.contains(":") else { return false }
        let isLocal = name == "localhost" || name.hasSuffix(".localhost")
        return !isLocal || Self.address("127.0.0.1").map(addresses.allows) == true
    }

    /// The address that a text spells: `127.0.0.1`, `127.1`, `0x7f000001`, `017700000001`, `::1`.
    private static func address(_ text: String) -> IPAddress? {
        var address = in_addr()
        if inet_aton(text, &address) != 0 { return IPAddress(v4: UInt32(bigEndian: address.s_addr)) }
        return IPAddress(text)
    }
}
