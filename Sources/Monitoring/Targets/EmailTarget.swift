import CivilTime
import FoundationEssentials

/// Mail to people: what is worth knowing, and what is critical.
package struct EmailTarget: AlertTarget {
    private let client: SMTPClient
    private let from: String
    private let to: [String]

    /// Mail from an address to others, all of them plain `name@domain`.
    package init(client: SMTPClient, from: String, to: [String]) {
        self.client = client
        self.from = from
        self.to = to
    }

    package var name: String { "email" }

    package func accepts(_ severity: AlertRule.Severity) -> Bool { severity != .warning }

    package func send(_ message: AlertMessage) async throws {
        let text = Self.mail(message, from: from, to: to, now: Int64(Date().timeIntervalSince1970))
        try await client.send(from: from, to: to, text: text)
    }

    /// The message as it is sent, lines ended by CR LF, all of it in ASCII.
    static func mail(_ message: AlertMessage, from: String, to: [String], now: Int64) -> String {
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        let id = message.id.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "." }
        let lines = [
            "From: Switchyard <\(from)>",
            "To: \(to.map { "<\($0)>" }.joined(separator: ", "))",
            "Subject: Switchyard \(oneLine(message.title))",
            "Date: \(MailDate.text(seconds: now))",
            "Message-ID: <\(String(id))@\(domain)>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=us-ascii",
            "",
            oneLine(message.title),
            "",
            oneLine(message.detail),
            "Since: \(message.time)",
            "What to do: \(oneLine(message.runbook))",
        ]
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    /// Printable ASCII on one line: nothing can add a field to the header.
    private static func oneLine(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value >= 0x20 && $0.value < 0x7F ? Character($0) : "?" })
    }
}
