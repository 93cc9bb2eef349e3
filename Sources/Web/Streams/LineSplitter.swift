/// Splits bytes into lines, however they are divided into pieces; keeps at most one unfinished line.
struct LineSplitter {
    /// A line that is too long.
    struct TooLong: Error {
        /// The longest line, in bytes.
        let limit: Int
    }

    private let limit: Int
    private var rest: [UInt8] = []

    /// A splitter of lines up to a length.
    init(limit: Int) { self.limit = limit }

    /// Calls `line` with each line that these bytes complete, without its line end; blank lines are skipped.
    ///
    /// - Throws: ``TooLong``, after the lines before it; and what `line` throws.
    mutating func split(_ bytes: some Collection<UInt8>, _ line: ([UInt8]) throws -> Void) throws {
        var start = bytes.startIndex
        while start < bytes.endIndex, let end = bytes[start...].firstIndex(of: 0x0A) {
            try take(bytes[start..<end], line)
            start = bytes.index(after: end)
        }
        rest.append(contentsOf: bytes[start...])
        guard rest.count <= limit else { throw TooLong(limit: limit) }
    }

    /// Calls `line` with the text after the last line end, if there is any.
    mutating func finish(_ line: ([UInt8]) throws -> Void) throws {
        if !rest.isEmpty { try take([], line) }
    }

    private mutating func take(_ end: some Collection<UInt8>, _ line: ([UInt8]) throws -> Void) throws {
        var text = rest
        rest.removeAll(keepingCapacity: true)
        text.append(contentsOf: end)
        guard text.count <= limit else { throw TooLong(limit: limit) }
        if text.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) { try line(text) }
    }
}
