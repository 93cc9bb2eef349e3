import JSON

/// One error in Sentry's form.
struct SentryEvent: Sendable {
    struct Fault: Sendable {
        let type: String
        let value: String
    }

    private let id: String
    private let timestamp: Double
    private let level: String
    private let origin: SentryOrigin
    private let message: String
    private let fault: Fault?
    private let fingerprint: [String]
    private let tags: [String: String]
    private let extra: [String: String]

    /// The event of a logged error.
    ///
    /// - Parameters:
    ///   - entry: the error; it is scrubbed here.
    ///   - id: 32 hexadecimal digits.
    ///   - origin: release, environment and node.
    init(_ entry: SentryEntry, id: String, origin: SentryOrigin) {
        self.id = id
        self.origin = origin
        timestamp = entry.time
        level = entry.isCritical ? "fatal" : "error"
        message = Scrubber.scrub(entry.message)
        let kind = entry.metadata["error.type"] ?? entry.metadata["error.sqlstate"].map { "SQLSTATE \($0)" }
        // Grouped by message and kind, never by values that differ from one time to the next.
        fingerprint = [message, kind ?? "", entry.metadata["function"] ?? ""]
        let value = entry.metadata["error"].map(Scrubber.scrub)
        fault = kind == nil && value == nil ? nil : Fault(type: kind ?? message, value: value ?? message)
        tags = entry.metadata.filter { SentryEntry.tags.contains($0.key) }.mapValues(Scrubber.scrub)
        var extra = entry.metadata.filter { SentryEntry.extras.contains($0.key) }.mapValues(Scrubber.scrub)
        if entry.suppressed > 0 { extra["suppressed"] = "\(entry.suppressed)" }
        self.extra = extra
    }

    /// The event in Sentry's form.
    private var json: JSONValue {
        let exception = fault.map { fault in
            ["values": [["type": .string(fault.type), "value": .string(fault.value)]]] as JSONValue
        }
        return .object(leavingOutNil: [
            "event_id": .string(id), "timestamp": JSONValue(timestamp), "platform": "native", "level": .string(level),
            "logger": "switchyard", "release": .string("switchyard@\(origin.version)"),
            "environment": .string(origin.environment), "server_name": .string(origin.node),
            "logentry": ["formatted": .string(message)], "exception": exception,
            "fingerprint": .array(fingerprint.map(JSONValue.string)), "tags": Self.object(tags),
            "extra": Self.object(extra),
        ])
    }

    private static func object(_ texts: [String: String]) -> JSONValue {
        .object(texts.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
    }

    /// The envelope: a header line, an item header line, the item.
    func envelope(sentAt: String) -> [UInt8] {
        let event = json.bytes
        let head: JSONValue = [
            "event_id": .string(id), "sent_at": .string(sentAt),
            "sdk": ["name": "switchyard", "version": .string(origin.version)],
        ]
        let item: JSONValue = [
            "type": "event", "content_type": "application/json", "length": JSONValue(event.count),
        ]
        return head.bytes + [0x0A] + item.bytes + [0x0A] + event + [0x0A]
    }
}

/// The origin of errors.
package struct SentryOrigin: Sendable, Hashable {
    /// The build's version.
    package let version: String
    /// The environment, such as `production`.
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

/// A logged error.
struct SentryEntry: Sendable, Hashable {
    let time: Double
    let isCritical: Bool
    let message: String
    let metadata: [String: String]
    /// How many similar ones were not reported before it.
    var suppressed = 0

    /// The metadata that is sent; all other metadata is omitted.
    static let tags: Set<String> = [
        "http.method", "http.route", "http.status", "problem", "function", "error.type", "error.sqlstate", "target",
        "alert",
    ]
    static let extras: Set<String> = [
        "request.id", "trace.id", "http.duration", "batch.leads", "batch.unknown", "error", "attempt",
    ]
}
