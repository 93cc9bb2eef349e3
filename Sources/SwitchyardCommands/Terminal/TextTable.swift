import JSON

/// A table of text for the terminal: columns as wide as their widest cell.
struct TextTable {
    private var rows: [[String]]
    private let columns: Int

    /// Starts a table with its headings, one a column.
    init(_ headings: [String]) {
        rows = [headings]
        columns = headings.count
    }

    /// Adds a row; missing cells are blank, surplus ones are a programming error.
    mutating func add(_ cells: [String]) {
        precondition(cells.count <= columns, "a row has more cells than the table has headings")
        rows.append(cells + Array(repeating: "", count: columns - cells.count))
    }

    /// The table with a rule under its headings, each line ending without trailing blanks.
    var text: String {
        var widths = Array(repeating: 0, count: columns)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        var lines = rows.map { line(of: $0, widths: widths) }
        lines.insert(widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "), at: 1)
        return lines.joined(separator: "\n")
    }

    /// The rows as a JSON array of objects, by the headings in camel case; blank cells are null.
    ///
    /// A column without a heading holds marks: `✓` is true, `✗` is false, under the key `ok`.
    var json: String {
        let keys = rows[0].map(Self.key)
        let objects = rows.dropFirst()
            .map { row in
                JSONValue.object(zip(keys, row).map { JSONValue.Member($0, Self.value($1)) })
            }
        return JSONValue.array(Array(objects)).json
    }

    private static func key(_ heading: String) -> String {
        let words = heading.lowercased().split(separator: " ")
        guard let first = words.first else { return "ok" }
        return words.dropFirst().reduce(String(first)) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    private static func value(_ cell: String) -> JSONValue {
        switch cell {
        case "": .null
        case "✓": true
        case "✗": false
        default: .string(cell)
        }
    }

    private func line(of row: [String], widths: [Int]) -> String {
        var line = ""
        for (column, cell) in row.enumerated() {
            line += cell
            guard column < columns - 1 else { break }
            line += String(repeating: " ", count: widths[column] - cell.count + 2)
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
