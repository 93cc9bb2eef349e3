/// The text of descriptions as HTML: paragraphs, lists with `*` or `-`, and `code` between backquotes.
enum ProseHTML {
    /// The blocks of a text.
    static func blocks(_ text: String) -> String {
        var result = ""
        var lines: [Substring] = []
        var items: [String] = []
        func flush() {
            if !items.isEmpty {
                result += "<ul>" + items.map { "<li>\(inline($0))</li>" }.joined() + "</ul>\n"
            } else if !lines.isEmpty {
                result += "<p>\(inline(lines.joined(separator: " ")))</p>\n"
            }
            items = []
            lines = []
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let content = line.drop { $0 == " " }
            if content.isEmpty {
                flush()
            } else if content.hasPrefix("* ") || content.hasPrefix("- ") {
                if items.isEmpty { flush() }
                items.append(String(content.dropFirst(2)))
            } else if !items.isEmpty {
                items[items.count - 1] += " " + content
            } else {
                lines.append(content)
            }
        }
        flush()
        return result
    }

    /// A text within a line.
    static func inline(_ text: some StringProtocol) -> String {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        // A backquote without a partner is text.
        guard parts.count.isMultiple(of: 2) == false else { return Page.escaped(text) }
        return parts.enumerated()
            .map { $0.offset.isMultiple(of: 2) ? Page.escaped($0.element) : "<code>\(Page.escaped($0.element))</code>" }
            .joined()
    }
}
