/// One row of a CSV file.
package struct CSVRow: Sendable, Hashable {
    /// The line of the file on which the row begins, from 1.
    package let line: Int
    /// The values, in order.
    package let fields: [String]

    /// A row that begins on a line.
    package init(line: Int, fields: [String]) {
        self.line = line
        self.fields = fields
    }
}

/// Why the rest of a CSV file cannot be read.
package struct CSVError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The line of the problem, from 1.
    package let line: Int
    /// The problem and the remedy.
    package let message: String

    /// A problem on a line.
    package init(line: Int, _ message: String) {
        self.line = line
        self.message = message
    }

    package var description: String { "line \(line): \(message)" }
}

/// Parses CSV (RFC 4180) incrementally, in memory that does not grow with the file.
///
/// The rows do not depend on how the bytes are split into pieces. Quoted line breaks, doubled quotes, CR, LF and CRLF,
/// a byte order mark, blank lines (skipped) and a last line without a line end are supported. The separator is detected
/// in the first row: comma, semicolon, tab or bar. A value that is not UTF-8 is decoded as Windows-1252 (a superset of
/// Latin-1), and ``windows1252Line`` reports it. UTF-16 is refused.
package struct CSVReader: Sendable {
    /// The limits within which a file is read.
    package struct Limits: Sendable, Hashable {
        /// Bytes in a row.
        ///
        /// Otherwise a quote that is never closed would take up the rest of the file.
        package var rowBytes = 1 << 20
        /// Values in a row.
        package var columns = 1000

        /// The usual limits.
        package init() {}
    }

    private enum Position {
        case fieldStart, unquoted, quoted, quoteInQuoted
    }

    private let limits: Limits
    /// The bytes before the separator is known.
    private var head: [UInt8]? = []
    private var headerScanner = HeaderRowScanner()
    private var position = Position.fieldStart
    private var lastWasCR = false
    private var line = 1
    private var rowLine = 1
    private var row: [UInt8] = []
    private var ends: [Int] = []
    private var hasContent = false

    /// The separator, once the first row was read.
    package private(set) var delimiter: UInt8?
    /// The first line with a value that is not UTF-8 and was decoded as Windows-1252.
    package private(set) var windows1252Line: Int?
    /// How many bytes were read.
    package private(set) var bytesRead = 0

    /// A reader at the beginning of a file.
    package init(limits: Limits = .init()) {
        self.limits = limits
    }

    /// Reads a piece of the file, and returns the rows that it completes.
    package mutating func read(_ bytes: some Sequence<UInt8>) throws(CSVError) -> [CSVRow] {
        var rows: [CSVRow] = []
        guard head != nil else {
            try consume(bytes, into: &rows)
            return rows
        }
        for byte in bytes {
            if head == nil {
                // The separator was detected in the middle of this piece.
                try consume(CollectionOfOne(byte), into: &rows)
            } else {
                head?.append(byte)
                let isDone = headerScanner.sees(byte)
                if isDone || (head?.count ?? 0) > limits.rowBytes { try begin(&rows) }
            }
        }
        return rows
    }

    /// Ends the file, and returns the last row if it had no line end.
    package mutating func finish() throws(CSVError) -> [CSVRow] {
        var rows: [CSVRow] = []
        if head != nil { try begin(&rows) }
        if position == .quoted {
            throw CSVError(line: rowLine, "The row that starts here opens a quote and does not close it.")
        }
        if hasContent || !ends.isEmpty || !row.isEmpty { try endRow(&rows) }
        return rows
    }

    /// Detects the separator in the first row, refuses binary data, and reads the buffered bytes.
    private mutating func begin(_ rows: inout [CSVRow]) throws(CSVError) {
        var held = head ?? []
        head = nil
        if held.starts(with: [0xFF, 0xFE]) || held.starts(with: [0xFE, 0xFF]) || held.prefix(4096).contains(0) {
            throw CSVError(line: 1, "This file is UTF-16 or not a text file; save it as “CSV UTF-8” and try again.")
        }
        if held.starts(with: [0xEF, 0xBB, 0xBF]) {
            held.removeFirst(3)
            bytesRead += 3
        }
        delimiter = HeaderRowScanner.delimiter(of: held)
        try consume(held, into: &rows)
    }

    private mutating func consume(_ bytes: some Sequence<UInt8>, into rows: inout [CSVRow]) throws(CSVError) {
        let delimiter = delimiter ?? UInt8(ascii: ",")
        for byte in bytes {
            bytesRead += 1
            let followsCR = lastWasCR
            lastWasCR = byte == 0x0D
            if byte == 0x0A, followsCR {
                // The second half of a line end; inside quotes it is part of the value.
                if position == .quoted { row.append(byte) }
                continue
            }
            let isLineEnd = byte == 0x0A || byte == 0x0D
            if isLineEnd { line += 1 }
            switch position {
            case .quoted:
                if byte == UInt8(ascii: "\"") { position = .quoteInQuoted } else { row.append(byte) }
            case .quoteInQuoted where byte == UInt8(ascii: "\""):
                row.append(byte)
                position = .quoted
            case .fieldStart where byte == UInt8(ascii: "\""):
                hasContent = true
                position = .quoted
            default:
                if byte == delimiter {
                    try endField()
                } else if isLineEnd {
                    try endRow(&rows)
                } else {
                    hasContent = true
                    position = .unquoted
                    row.append(byte)
                }
            }
            if row.count > limits.rowBytes {
                let size = limits.rowBytes >> 10
                throw CSVError(
                    line: rowLine,
                    "The row that begins here is longer than \(size) KiB. Is a quote not closed?"
                )
            }
        }
    }

    private mutating func endField() throws(CSVError) {
        ends.append(row.count)
        hasContent = true
        position = .fieldStart
        guard ends.count < limits.columns else {
            throw CSVError(line: rowLine, "The row that begins here has more than \(limits.columns) values.")
        }
    }

    private mutating func endRow(_ rows: inout [CSVRow]) throws(CSVError) {
        if hasContent {
            ends.append(row.count)
            var fields: [String] = []
            fields.reserveCapacity(ends.count)
            var start = 0
            for end in ends {
                fields.append(text(row[start..<end]))
                start = end
            }
            rows.append(CSVRow(line: rowLine, fields: fields))
        }
        row.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        hasContent = false
        position = .fieldStart
        rowLine = line
    }

    private mutating func text(_ bytes: ArraySlice<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        if windows1252Line == nil { windows1252Line = rowLine }
        return Windows1252.decode(bytes)
    }
}

/// Finds the end of the first row, and its separator.
///
/// Quotes are only counted, because the separator is not known yet.
struct HeaderRowScanner {
    private var isQuoted = false
    private var hasContent = false

    /// Whether the first row that is not blank ends with this byte.
    mutating func sees(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""): isQuoted.toggle()
        case 0x0A, 0x0D: return !isQuoted && hasContent
        default: break
        }
        hasContent = true
        return false
    }

    /// The candidate that separates most values of the first row that is not blank; a comma if none does.
    static func delimiter(of bytes: [UInt8]) -> UInt8 {
        let candidates = Array(",;\t|".utf8)
        var counts = [0, 0, 0, 0]
        var isQuoted = false
        var hasContent = false
        for byte in bytes {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == 0x0A || byte == 0x0D {
                if hasContent { break }
                continue
            }
            hasContent = true
            if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
        }
        var best = 0
        for index in 1..<4 where counts[index] > counts[best] { best = index }
        return candidates[best]
    }
}
