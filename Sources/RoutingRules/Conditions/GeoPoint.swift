#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A place on Earth, in degrees.
struct GeoPoint: Sendable, Hashable {
    let latitude: Double
    let longitude: Double

    /// The distance along a great circle, in kilometres; treating Earth as a sphere is off by at most half a percent.
    func kilometres(to other: GeoPoint) -> Double {
        let radians = Double.pi / 180
        let halfLatitude = sin((other.latitude - latitude) * radians / 2)
        let halfLongitude = sin((other.longitude - longitude) * radians / 2)
        let chord =
            halfLatitude * halfLatitude
            + cos(latitude * radians) * cos(other.latitude * radians) * halfLongitude * halfLongitude
        return 2 * 6371.0088 * asin(min(1, chord.squareRoot()))
    }
}

/// The places within a distance of a point.
struct Circle: Sendable, Hashable {
    /// The international mile.
    static let kilometresPerMile = 1.609344

    let center: GeoPoint
    let kilometres: Double

    func contains(_ point: GeoPoint) -> Bool { center.kilometres(to: point) <= kilometres }
}

extension Lead {
    /// The lead's location, if both coordinates are known.
    var point: GeoPoint? {
        guard let latitude = location?.latitude, let longitude = location?.longitude else { return nil }
        return GeoPoint(latitude: latitude, longitude: longitude)
    }
}
