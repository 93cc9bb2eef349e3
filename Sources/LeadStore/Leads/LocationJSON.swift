import FoundationEssentials
import RoutingRules

/// A lead's location as the database keeps it: `{"country":…,"state":…,"city":…}` without what is missing.
enum LocationJSON {
    /// The object as text, escaped as JSON asks and no more.
    static func print(_ location: LeadLocation) -> String {
        var text = "{"
        for (key, value) in [("country", location.country), ("state", location.state), ("city", location.city)] {
            guard let value else { continue }
            if text.utf8.count > 1 { text += "," }
            text += "\"\(key)\":"
            JSONText.append(value, to: &text)
        }
        text += "}"
        return text
    }

    /// The location in an object that any program may have written: keys we do not know are passed over, and what is
    /// no object, or no text inside one, is no location.
    static func parse(_ text: String) -> LeadLocation? {
        struct Stored: Decodable {
            struct Lenient: Decodable {
                let text: String?
                init(from decoder: any Decoder) throws {
                    text = try? decoder.singleValueContainer().decode(String.self)
                }
            }
            let country: Lenient?
            let state: Lenient?
            let city: Lenient?
        }
        guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(text.utf8)) else { return nil }
        let location = LeadLocation(
            country: stored.country?.text,
            state: stored.state?.text,
            city: stored.city?.text
        )
        return location.isEmpty ? nil : location
    }
}
