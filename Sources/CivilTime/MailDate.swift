/// Instants as the `Date` field of an email (RFC 5322), such as `31 Jan 2026 09:30:00 +0000`.
package enum MailDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The text of an instant in seconds since 1970.
    package static func text(seconds: Int64) -> String {
        let days = seconds.floorDivided(by: 86_400)
        let date = CivilDate(daysSinceEpoch: days)
        var bytes: [UInt8] = []
        bytes.append(date.day.magnitude, digits: 2)
        bytes += " \(months[date.month - 1]) ".utf8
        bytes.append(date.year.magnitude, digits: 4)
        bytes.append(UInt8(ascii: " "))
        RFC3339.appendTimeOfDay(seconds: seconds - days * 86_400, to: &bytes)
        bytes += " +0000".utf8
        return String(decoding: bytes, as: UTF8.self)
    }
}
