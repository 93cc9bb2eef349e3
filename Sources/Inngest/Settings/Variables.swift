/// Reads and checks environment variables.
struct Variables {
    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    private func text(_ name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    /// Whether `INNGEST_DEV` selects a dev server, and its address if given.
    func dev() throws(InngestSettingsError) -> (origin: String?, Void)? {
        let name = "INNGEST_DEV"
        guard let text = text(name) else { return nil }
        switch text.lowercased() {
        case "0", "false", "no", "off": return nil
        case "1", "true", "yes", "on": return (nil, ())
        default:
            guard text.contains("://") else {
                throw InngestSettingsError(name, "must be 1, 0, or the address of a dev server")
            }
            return (try origin(name), ())
        }
    }

    func signingKey(_ name: String) throws(InngestSettingsError) -> SigningKey? {
        guard let text = text(name) else { return nil }
        guard let key = SigningKey(text) else {
            throw InngestSettingsError(name, "must be a signing key: signkey-<environment>- and hexadecimal digits")
        }
        return key
    }

    func eventKey(_ name: String) throws(InngestSettingsError) -> EventKey? {
        guard let text = text(name) else { return nil }
        guard let key = EventKey(text) else {
            throw InngestSettingsError(name, "must be an event key: letters, digits, - and _")
        }
        return key
    }

    /// A value for a header.
    func header(_ name: String) throws(InngestSettingsError) -> String? {
        guard let text = text(name) else { return nil }
        guard text.utf8.count <= 255, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw InngestSettingsError(name, "must be one word of plain characters")
        }
        return text
    }

    /// A scheme, a host and an optional port, without a path.
    func origin(_ name: String) throws(InngestSettingsError) -> String? {
        guard let text = text(name) else { return nil }
        let isSecure = text.lowercased().hasPrefix("https://")
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let host = rest.hasSuffix("/") ? rest.dropLast() : rest
        let isPlain = host.utf8.allSatisfy { 0x21...0x7E ~= $0 && !"/?#@\\\"".utf8.contains($0) }
        guard isSecure || text.lowercased().hasPrefix("http://"), !host.isEmpty, isPlain else {
            throw InngestSettingsError(name, "must be an origin such as https://example.com, without a path")
        }
        return (isSecure ? "https://" : "http://") + host
    }

    func path(_ name: String) throws(InngestSettingsError) -> String? {
        guard let text = text(name) else { return nil }
        let isPlain = text.utf8.allSatisfy { 0x21...0x7E ~= $0 && !"?#\\\"".utf8.contains($0) }
        guard text.hasPrefix("/"), isPlain else {
            throw InngestSettingsError(name, "must be a path that begins with a slash")
        }
        return text
    }
}

/// An invalid variable.
package struct InngestSettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The variable.
    package let name: String
    /// The valid values; the value itself is not repeated, because it may be a secret.
    package let problem: String

    init(_ name: String, _ problem: String) {
        self.name = name
        self.problem = problem
    }

    package var description: String { "\(name) \(problem)." }
}
