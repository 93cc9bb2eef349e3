/// Reads JSON bytes into a ``ConditionJSON``: some ten times as fast as a general decoder, bounded in depth.
struct ConditionJSONParser {
    /// How deep values may be nested: a tree of the greatest depth, with two levels of JSON for each of its own.
    static let maximumDepth = 64

    /// The value, or nil for what is no JSON or is nested too deep.
    static func parse(_ text: String) -> ConditionJSON? {
        var text = text
        return text.withUTF8 { bytes in
            var parser = ConditionJSONParser(bytes: bytes)
            guard let value = parser.value(depth: 0) else { return nil }
            parser.skipBlanks()
            return parser.position == bytes.count ? value : nil
        }
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func word(_ word: StaticString, _ value: ConditionJSON) -> ConditionJSON? {
        for offset in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[offset]) else { return nil }
        }
        return value
    }

    private mutating func value(depth: Int) -> ConditionJSON? {
        guard depth < Self.maximumDepth else { return nil }
        skipBlanks()
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string().map(ConditionJSON.text)
        case UInt8(ascii: "t"): return word("true", .boolean(true))
        case UInt8(ascii: "f"): return word("false", .boolean(false))
        case UInt8(ascii: "n"): return word("null", .null)
        default: return number()
        }
    }

    private mutating func object(depth: Int) -> ConditionJSON? {
        position += 1
        var members: [ConditionJSON.Member] = []
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipBlanks()
            guard let name = string() else { return nil }
            skipBlanks()
            guard take(UInt8(ascii: ":")), let value = value(depth: depth + 1) else { return nil }
            members.append(.init(name, value))
            skipBlanks()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) ? .object(members) : nil
    }

    private mutating func array(depth: Int) -> ConditionJSON? {
        position += 1
        var elements: [ConditionJSON] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            guard let value = value(depth: depth + 1) else { return nil }
            elements.append(value)
            skipBlanks()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) ? .array(elements) : nil
    }

    private mutating func number() -> ConditionJSON? {
        guard let end = JSONNumber.end(in: bytes, from: position) else { return nil }
        defer { position = end }
        return .number(String(decoding: bytes[position..<end], as: UTF8.self))
    }

    private mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        var isPlain = true
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let range = start..<position
                position += 1
                guard !isPlain else { return String(decoding: bytes[range], as: UTF8.self) }
                return JSONString.unescaped(UnsafeBufferPointer(rebasing: bytes[range]))
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 2
            case 0..<0x20: return nil
            default: position += 1
            }
        }
        return nil
    }
}

/// Numbers as JSON writes them.
enum JSONNumber {
    /// Where the number that begins here ends, or nil if there is none.
    static func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var position = start
        func digits() -> Bool {
            let first = position
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
            return position > first
        }
        func take(_ byte: UInt8) -> Bool {
            guard position < bytes.count, bytes[position] == byte else { return false }
            position += 1
            return true
        }
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) {
            guard digits() else { return nil }
        }
        if take(UInt8(ascii: ".")) {
            guard digits() else { return nil }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() else { return nil }
        }
        return position
    }
}

/// Texts as JSON writes them.
enum JSONString {
    /// The text that stands between two quotation marks; nil if an escape in it is malformed.
    static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        func unit() -> UInt32? {
            guard position + 4 <= bytes.count else { return nil }
            var unit: UInt32 = 0
            for _ in 0..<4 {
                guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { return nil }
                unit = unit << 4 | UInt32(digit)
                position += 1
            }
            return unit
        }
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard position < bytes.count else { return nil }
            let escape = bytes[position]
            position += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                guard var value = unit() else { return nil }
                if (0xD800...0xDBFF).contains(value) {
                    guard position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
                        bytes[position + 1] == UInt8(ascii: "u")
                    else { return nil }
                    position += 2
                    guard let low = unit(), (0xDC00...0xDFFF).contains(low) else { return nil }
                    value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
                }
                guard let scalar = Unicode.Scalar(value) else { return nil }
                result += Array(String(scalar).utf8)
            default: return nil
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
