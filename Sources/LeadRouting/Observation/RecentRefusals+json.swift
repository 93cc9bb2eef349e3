package import JSON

/// The form of refusals in the report of a node, which `switchyard doctor` reads from the database.
extension [RecentRefusals.Entry] {
    /// A JSON array.
    package var json: String {
        JSONWriter.text { writer in
            writer.array(self) { writer, entry in
                writer.object { writer in
                    writer.member("effect", entry.effect.rawValue)
                    writer.member("reason", entry.reason)
                    writer.member("message", entry.message)
                    writer.member("count", entry.count)
                }
            }
        }
    }

    /// The entries of an array; without those that another version wrote in another form.
    package init(json: JSONValue?) {
        self = (json?.array ?? [])
            .compactMap { value in
                guard let effect = value["effect"]?.string.flatMap(RecentRefusals.Entry.Effect.init(rawValue:)),
                    let reason = value["reason"]?.string, let count = value["count"]?.integer
                else { return nil }
                return RecentRefusals.Entry(
                    effect,
                    reason: reason,
                    message: value["message"]?.string ?? "",
                    count: Int(count)
                )
            }
    }
}
