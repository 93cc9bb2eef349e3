/// A W3C trace context (`traceparent`, version 00): the trace of a request, and the calling span.
///
/// Only text: nothing is sent. The ids are written to log lines, so that they can be found with the caller's spans.
package struct TraceParent: Sendable, Hashable {
    /// 32 lower-case hexadecimal digits, not all zero.
    package let traceID: String
    /// 16 lower-case hexadecimal digits, not all zero.
    package let spanID: String
    /// Whether the caller records this trace.
    package let isSampled: Bool

    /// A context of these parts, which have to be valid.
    package init(traceID: String, spanID: String, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// Parses a header's value; nil if the specification does not allow it.
    ///
    /// A later version is parsed like version 00, as the specification requires.
    package init?(header: String) {
        let bytes = Array(header.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = Self.hexadecimal(bytes[0..<2]), version != "ff",
            version == "00" ? bytes.count == 55 : bytes.count == 55 || bytes[55] == dash,
            let trace = Self.hexadecimal(bytes[3..<35]), trace.utf8.contains(where: { $0 != UInt8(ascii: "0") }),
            let span = Self.hexadecimal(bytes[36..<52]), span.utf8.contains(where: { $0 != UInt8(ascii: "0") }),
            let flags = Self.hexadecimal(bytes[53..<55]), let bits = UInt8(flags, radix: 16)
        else { return nil }
        self.init(traceID: trace, spanID: span, isSampled: bits & 1 == 1)
    }

    /// The header's value.
    package var header: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    /// The digits, or nil if one is invalid or upper case.
    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String? {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): continue
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
