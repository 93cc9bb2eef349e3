import FoundationEssentials
import RoutingRules

/// A lead's location as the database keeps it: `{"country":…,"state":…,"city":…,"latitude":…,
/// "longitude":…}` without what is missing.
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
        for (key, value) in [("latitude", location.latitude), ("longitude", location.longitude)] {
            guard let value, value.isFinite else { continue }
            if text.utf8.count > 1 { text += "," }
            text += "\"\(key)\":\(value)"
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
                let number: Double?
                init(from decoder: any Decoder) throws {
                    let container = try? decoder.singleValueContainer()
                    text = try? container?.decode(String.self)
                    number = text == nil ? try? container?.decode(Double.self) : text.flatMap(Double.init)
                }

                /// The number, unless it is beyond what there is.
                func degrees(upTo limit: Double) -> Double? { number.flatMap { abs($0) <= limit ? $0 : nil } }
            }
            let country: Lenient?
            let state: Lenient?
            let city: Lenient?
            let latitude: Lenient?
            let longitude: Lenient?
        }
        guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(text.utf8)) else { return nil }
        let location = LeadLocation(
            country: stored.country?.text,
            state: stored.state?.text,
            city: stored.city?.text,
            latitude: stored.latitude?.degrees(upTo: 90),
            longitude: stored.longitude?.degrees(upTo: 180)
        )
        return location.isEmpty ? nil : location
    }
}
