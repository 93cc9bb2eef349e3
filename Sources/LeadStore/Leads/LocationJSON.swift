import JSON
import RoutingRules

/// A lead's location in the database: `{"country":…,"state":…,"city":…,"latitude":…,"longitude":…}` without missing
/// values.
enum LocationJSON {
    /// The object as text.
    static func print(_ location: LeadLocation) -> String {
        JSONWriter.text(capacity: 128) { writer in
            writer.object { writer in
                if let country = location.country { writer.member("country", country) }
                if let state = location.state { writer.member("state", state) }
                if let city = location.city { writer.member("city", city) }
                if let latitude = location.latitude, latitude.isFinite { writer.member("latitude", latitude) }
                if let longitude = location.longitude, longitude.isFinite { writer.member("longitude", longitude) }
            }
        }
    }

    /// The location of an object that any program may have written: unknown keys and values of other types are ignored.
    static func parse(_ text: String) -> LeadLocation? {
        guard let stored = JSONValue(json: text), case .object = stored else { return nil }
        /// A number, or a text with a number, within the valid range.
        func degrees(_ name: String, upTo limit: Double) -> Double? {
            let number = stored[name].flatMap { $0.double ?? $0.string.flatMap(Double.init) }
            return number.flatMap { abs($0) <= limit ? $0 : nil }
        }
        let location = LeadLocation(
            country: stored["country"]?.string,
            state: stored["state"]?.string,
            city: stored["city"]?.string,
            latitude: degrees("latitude", upTo: 90),
            longitude: degrees("longitude", upTo: 180)
        )
        return location.isEmpty ? nil : location
    }
}
