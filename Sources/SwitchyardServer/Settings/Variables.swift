import FoundationEssentials
import Monitoring
import Outbound

/// Variables that settings are read from, by their names; an empty value counts as unset.
struct Variables: Sendable {
    private let values: [String: String]

    /// Variables with these values.
    init(_ values: [String: String]) { self.values = values }

    /// These variables and others, which win.
    func merging(_ others: [String: String]) -> Variables {
        Variables(values.merging(others) { _, other in other })
    }

    /// The variables of this process, and beneath them those of a file, if it exists.
    ///
    /// - Throws: ``SettingsError`` if the file cannot be read.
    static func ofProcess(file: String) throws -> Variables {
        let environment = ProcessInfo.processInfo.environment
        guard FileManager.default.fileExists(atPath: file) else { return Variables(environment) }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw SettingsError(name: "The file \(file)", problem: "cannot be read as text in UTF-8")
        }
        return Variables(environment.merging(parsed(text)) { environment, _ in environment })
    }

    /// The variables of a text with a line `NAME=VALUE` for each; the last line of a name counts.
    ///
    /// Other lines, and lines that begin with `#`, are ignored. Quotation marks are part of a value.
    static func parsed(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map(withoutWhitespace)
            guard parts.count == 2, let first = parts[0].first, first != "#" else { continue }
            values[parts[0]] = parts[1]
        }
        return values
    }

    /// A text without the white space around it.
    private static func withoutWhitespace(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// The value of a variable; nil if it is unset or empty.
    func text(_ name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    /// A value that is not printed.
    func secret(_ name: String) -> Secret? { text(name).map(Secret.init) }

    /// An address that secrets may be sent to.
    ///
    /// - Throws: ``SettingsError`` for any other address.
    func address(_ name: String) throws -> OutboundAddress? {
        guard let text = text(name) else { return nil }
        guard let address = OutboundAddress(text) else {
            throw SettingsError(name: name, problem: "must be https://…, or http:// to this machine")
        }
        return address
    }

    /// Yes or no.
    ///
    /// - Throws: ``SettingsError`` for any other text.
    func truth(_ name: String) throws -> Bool? {
        switch text(name)?.lowercased() {
        case nil: return nil
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw SettingsError(name: name, problem: "must be true or false")
        }
    }

    /// A whole number in a range, or a default.
    ///
    /// - Throws: ``SettingsError`` for any other text.
    func whole(_ name: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
        try whole(name, in: range) ?? value
    }

    /// A whole number in a range; nil if the variable is unset.
    ///
    /// - Throws: ``SettingsError`` for any other text.
    func whole(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw SettingsError(
                name: name,
                problem: "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// A number in a range.
    ///
    /// - Throws: ``SettingsError`` for any other text.
    func number(_ name: String, default value: Double, in range: ClosedRange<Double>) throws -> Double {
        guard let text = text(name) else { return value }
        guard let number = Double(text), range.contains(number) else {
            throw SettingsError(name: name, problem: "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
