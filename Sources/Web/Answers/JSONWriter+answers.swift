import CivilTime
import FoundationEssentials
import JSON
import NIOCore
import RoutingRules

extension JSONWriter {
    /// The written bytes, ready to be sent.
    var buffer: ByteBuffer { ByteBuffer(bytes: bytes) }

    /// Writes a key with an id in lower case, or with null.
    mutating func member(_ name: StaticString, _ value: UUID?) { member(name, value?.text) }

    /// Writes a key with a time of microseconds since 1970, or with null: RFC 3339, six decimals, UTC.
    mutating func member(_ name: StaticString, time microseconds: Int64?) {
        member(name, microseconds.map(RFC3339.text))
    }
}
