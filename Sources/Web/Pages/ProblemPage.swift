import HTTPTypes

/// The page of a type of problem: where the `type` of an error leads.
struct ProblemPage {
    /// The path of all pages.
    static let path = "/problems"

    /// The text of a page.
    struct Text: Sendable {
        /// When the server answers with it.
        let cause: String
        /// What the client does, as steps.
        let remedy: [String]
        /// Whether the same request may succeed later.
        let mayRepeat: Bool
    }

    let kind: Problem.Kind

    /// The page of a type; nil for another name.
    static func page(named name: String) -> Page? {
        Problem.Kind(rawValue: name).map { ProblemPage(kind: $0).page }
    }

    /// The list of all types.
    static let index = Page(
        title: "Problems of the Switchyard API",
        body: """
            <h1>Problems</h1>
            <p>Every error of the API is <code>application/problem+json</code> (RFC 9457). Its <code>type</code> is the path of
            one of these pages.</p>
            <table><thead><tr><th scope="col">Type</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead><tbody>
            \(Problem.Kind.allCases.map { kind in
                """
                <tr><td><a href="\(kind.path)"><code>\(kind.path)</code></a></td><td>\(kind.status.code)</td>\
                <td>\(Page.escaped(kind.title))</td></tr>
                """
            }.joined(separator: "\n"))
            </tbody></table>
            <p><a href="/docs">All operations</a></p>
            """
    )

    private var page: Page {
        let text = Self.texts[kind.rawValue]
        return Page(
            title: "\(kind.title) – Switchyard",
            body: """
                <p><a href="\(Self.path)">Problems</a></p>
                <h1>\(Page.escaped(kind.title))</h1>
                <p class="quiet">Status <code>\(kind.status.code)</code>, type <code>\(kind.path)</code></p>
                \(text.map(Self.html) ?? "")
                <h2>In every answer</h2>
                <p><code>detail</code> says what was wrong with this request, <code>remedy</code> how to fix it, and
                <code>errors</code> names the fields. No answer repeats a value that was sent. If you ask for help, send the
                <code>requestId</code>.</p>
                """
        )
    }

    private static func html(_ text: Text) -> String {
        let steps = text.remedy.map { "<li>\(ProseHTML.inline($0))</li>" }.joined(separator: "\n")
        let again =
            text.mayRepeat
            ? "Yes: the same request may succeed later."
            : "No: the same request gets the same answer until something changes."
        return """
            <h2>When it occurs</h2>
            \(ProseHTML.blocks(text.cause))
            <h2>What to do</h2>
            <ol>\(steps)</ol>
            <h2>Send it again?</h2>
            <p>\(again)</p>
            """
    }
}

extension Problem.Kind {
    /// The page of the type, which is the `type` of its problems.
    var path: String { ProblemPage.path + "/" + rawValue }
}
