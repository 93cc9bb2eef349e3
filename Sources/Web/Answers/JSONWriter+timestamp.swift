import JSON
import Postgres

extension JSONWriter {
    /// A time of the database, to the microsecond.
    mutating func member(_ name: StaticString, time: Timestamp?) {
        member(name, time: time?.microsecondsSinceUnixEpoch)
    }
}

extension QueryDecoding {
    /// A time.
    mutating func timestamp(_ name: String) -> Timestamp? {
        time(name).map(Timestamp.init(microsecondsSinceUnixEpoch:))
    }
}
