/// Checks that a text is a JSON object that the database will take as `jsonb`, without building anything.
///
/// Beyond RFC 8259, `jsonb` refuses `\u0000`, halves of surrogate pairs, and numbers beyond its range; and nobody needs
/// nesting deeper than ``maximumDepth``. Checked here, such a value is one lead's fault; found by the database, it would
/// be its whole batch's.
struct JSONObjectScanner {
    /// How deep objects and arrays may be nested.
    static let maximumDepth = 32

    /// What is wrong with a text, or nil if it is such an object.
    static func fault(in text: Substring) -> String? {
        var scanner = JSONObjectScanner(bytes: Array(text.utf8))
        do throws(Fault) {
            scanner.skipBlanks()
            guard scanner.peek() == UInt8(ascii: "{") else { return "Is no JSON object." }
            try scanner.value(depth: 0)
            scanner.skipBlanks()
            return scanner.position == scanner.bytes.count ? nil : "Has something after its JSON object."
        } catch {
            return error.message
        }
    }

    private struct Fault: Error {
        let message: String
        static let malformed = Fault(message: "Is no valid JSON.")
    }

    private let bytes: [UInt8]
    private var position = 0

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func next() throws(Fault) -> UInt8 {
        guard let byte = peek() else { throw .malformed }
        position += 1
        return byte
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            position += 1
        }
    }

    private mutating func value(depth: Int) throws(Fault) {
        guard depth < Self.maximumDepth else {
            throw Fault(message: "Is nested more than \(Self.maximumDepth) deep.")
        }
        skipBlanks()
        switch peek() {
        case UInt8(ascii: "{"): try members(until: "}", depth: depth, haveNames: true)
        case UInt8(ascii: "["): try members(until: "]", depth: depth, haveNames: false)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
    }

    private mutating func members(
        until end: Unicode.Scalar,
        depth: Int,
        haveNames: Bool
    )
        throws(Fault)
    {
        position += 1
        skipBlanks()
        if take(end) { return }
        repeat {
            if haveNames {
                skipBlanks()
                try string()
                skipBlanks()
                guard take(":") else { throw .malformed }
            }
            try value(depth: depth + 1)
            skipBlanks()
        } while take(",")
        guard take(end) else { throw .malformed }
    }

    private mutating func word(_ word: StaticString) throws(Fault) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard try next() == word.utf8Start[offset] else { throw .malformed }
        }
    }

    private mutating func string() throws(Fault) {
        guard take("\"") else { throw .malformed }
        while true {
            switch try next() {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw .malformed
            default: break
            }
        }
    }

    private mutating func escape() throws(Fault) {
        switch try next() {
        case UInt8(ascii: "u"):
            let unit = try hexUnit()
            if unit == 0 { throw Fault(message: "Contains the NUL character (\\u0000).") }
            if (0xDC00...0xDFFF).contains(unit) { throw Self.loneSurrogate }
            guard (0xD800...0xDBFF).contains(unit) else { return }
            guard take("\\"), take("u"), (0xDC00...0xDFFF).contains(try hexUnit()) else {
                throw Self.loneSurrogate
            }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        default: throw .malformed
        }
    }

    private static let loneSurrogate = Fault(message: "Contains half of a surrogate pair.")

    private mutating func hexUnit() throws(Fault) -> Int {
        var unit = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else {
                throw .malformed
            }
            unit = unit << 4 | digit
        }
        return unit
    }

    private mutating func digits() throws(Fault) -> Int {
        let start = position
        while let byte = peek(), (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw .malformed }
        return position - start
    }

    private mutating func number() throws(Fault) {
        let beginning = position
        _ = take("-")
        if !take("0") { _ = try digits() }
        if take(".") { _ = try digits() }
        // PostgreSQL's numeric takes far more; nothing that anybody measures needs it.
        guard position - beginning <= 1000 else { throw Self.outOfRange }
        guard take("e") || take("E") else { return }
        if !take("+") { _ = take("-") }
        let start = position
        _ = try digits()
        let exponent = Int(String(decoding: bytes[start..<position], as: UTF8.self))
        guard let exponent, exponent <= 400 else { throw Self.outOfRange }
    }

    private static let outOfRange = Fault(message: "Contains a number that is out of range.")
}
