import FoundationEssentials

/// One error, as Sentry is told of it.
struct SentryEvent: Sendable, Encodable {
    struct Message: Sendable, Encodable { let formatted: String }
    struct Fault: Sendable, Encodable {
        struct Values: Sendable, Encodable { let values: [Fault] }
        let type: String
        let value: String
    }

    let event_id: String
    let timestamp: Double
    let platform = "native"
    let level: String
    let logger = "switchyard"
    let release: String
    let environment: String
    let server_name: String
    let logentry: Message
    let exception: Fault.Values?
    let fingerprint: [String]
    let tags: [String: String]
    let extra: [String: String]

    /// An event of what was logged.
    ///
    /// - Parameters:
    ///   - entry: what was logged; scrubbed here.
    ///   - id: 32 hexadecimal digits.
    ///   - origin: release, environment and node.
    init(_ entry: SentryEntry, id: String, origin: SentryOrigin) {
        event_id = id
        timestamp = entry.time
        level = entry.isCritical ? "fatal" : "error"
        release = "switchyard@\(origin.version)"
        environment = origin.environment
        server_name = origin.node
        let message = Scrubber.scrub(entry.message)
        let kind = entry.metadata["error.type"] ?? entry.metadata["error.sqlstate"].map { "SQLSTATE \($0)" }
        // Grouped by what was logged and of which kind, never by what differs from one time to the next.
        fingerprint = [message, kind ?? "", entry.metadata["function"] ?? ""]
        logentry = Message(formatted: message)
        let value = entry.metadata["error"].map(Scrubber.scrub)
        exception =
            kind == nil && value == nil
            ? nil : Fault.Values(values: [Fault(type: kind ?? message, value: value ?? message)])
        tags = entry.metadata.filter { SentryEntry.tags.contains($0.key) }.mapValues(Scrubber.scrub)
        var extra = entry.metadata.filter { SentryEntry.extras.contains($0.key) }.mapValues(Scrubber.scrub)
        if entry.suppressed > 0 { extra["suppressed"] = "\(entry.suppressed)" }
        self.extra = extra
    }

    /// The envelope: a line about the whole, a line about the item, the item.
    func envelope(sentAt: String) throws -> [UInt8] {
        struct Head: Encodable {
            struct SDK: Encodable {
                let name = "switchyard"
                let version: String
            }
            let event_id: String
            let sent_at: String
            let sdk: SDK
        }
        struct Item: Encodable {
            let type = "event"
            let content_type = "application/json"
            let length: Int
        }
        let item = try JSONBody.bytes(self)
        let version = release.split(separator: "@").last.map(String.init) ?? "0"
        let head = try JSONBody.bytes(Head(event_id: event_id, sent_at: sentAt, sdk: .init(version: version)))
        return head + [0x0A] + (try JSONBody.bytes(Item(length: item.count))) + [0x0A] + item + [0x0A]
    }
}

/// Where errors come from.
package struct SentryOrigin: Sendable, Hashable {
    /// The build's version.
    package let version: String
    /// `production`, for example.
    package let environment: String
    /// The node's name.
    package let node: String

    /// An origin.
    package init(version: String, environment: String, node: String) {
        self.version = version
        self.environment = environment
        self.node = node
    }
}

/// An error that was logged.
struct SentryEntry: Sendable, Hashable {
    let time: Double
    let isCritical: Bool
    let message: String
    let metadata: [String: String]
    /// How many like it were not reported before it.
    var suppressed = 0

    /// What may go along; everything else that was logged stays here.
    static let tags: Set<String> = [
        "http.method", "http.route", "http.status", "problem", "function", "error.type", "error.sqlstate", "target",
        "alert",
    ]
    static let extras: Set<String> = [
        "request.id", "trace.id", "http.duration", "batch.leads", "batch.unknown", "error", "attempt",
    ]
}
