/// The text of an embedded data file: lines, or rows of columns with a tab between them.
///
/// A line that begins with `#` is a comment.
enum DataFile {
    /// The lines of a file without its comments.
    static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { $0.utf8.first != UInt8(ascii: "#") }
    }

    /// The rows of a file; columns at the end that a row leaves out are empty.
    static func rows(_ text: String, columns: Int) -> [[String]] {
        lines(text)
            .map { line in
                let row = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                return row + Array(repeating: "", count: max(0, columns - row.count))
            }
    }
}
