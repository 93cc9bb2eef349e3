package import JSON

/// An event to send.
package struct OutgoingEvent: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// Its id: Inngest accepts one event of an id, however often it is sent.
    package let id: String
    /// When it happened, in milliseconds since 1970.
    package let timestamp: Int64
    /// Its data.
    package let data: JSONValue

    /// An event.
    package init(name: String, id: String, timestamp: Int64, data: JSONValue) {
        self.name = name
        self.id = id
        self.timestamp = timestamp
        self.data = data
    }

    /// The event in Inngest's form.
    var json: JSONValue {
        ["name": .string(name), "data": data, "id": .string(id), "ts": JSONValue(timestamp)]
    }
}
