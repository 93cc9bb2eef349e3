/// The steps before, with and after a migration that keep other transactions from waiting: a parsed file of
/// `supabase/online/`.
///
/// A line `-- @KIND title` begins a step, whose SQL are the lines up to the next one:
/// - `@short`: a transaction with a short lock timeout, repeated until it succeeds.
/// - `@section N. Title`: the same, with the section of that name of the migration itself.
/// - `@alone`: one statement outside a transaction, without a time limit.
/// - `@index`: a CREATE INDEX, built concurrently.
/// - `@repeat`: one statement with a batch size as its parameter, repeated until it reports that it is done; it returns
///   a row (rows changed, whether it is done, total rows).
/// - `@migration`: the migration itself, without the sections that `@leave-out` names, and the SQL of this step with
///   it.
struct OnlineSteps: Sendable {
    /// One step.
    struct Step: Sendable {
        /// How it is executed.
        enum Kind: String, Sendable { case short, section, alone, index, `repeat`, migration }

        let kind: Kind
        let title: String
        let sql: String
    }

    /// The steps before the migration's own transaction.
    var before: [Step] = []
    /// The SQL added to it, after its text.
    var with = ""
    /// The steps after it.
    var after: [Step] = []
    /// The sections of the migration that are skipped.
    var leftOut: Set<String> = []

    /// Parses a file; nil means a migration without additional steps.
    init(_ text: String?) {
        guard let text else { return }
        var isAfter = false
        var step: (kind: Step.Kind, title: String)?
        var lines: [Substring] = []
        func finish() {
            guard let step else { return }
            let sql = lines.joined(separator: "\n")
            switch step.kind {
            case .migration:
                with = sql
                isAfter = true
            default:
                let whole = Step(kind: step.kind, title: step.title, sql: sql)
                if isAfter { after.append(whole) } else { before.append(whole) }
            }
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("-- @") else {
                lines.append(line)
                continue
            }
            let parts = line.dropFirst(4).split(separator: " ", maxSplits: 1)
            let title = parts.count > 1 ? String(parts[1]) : ""
            if parts.first == "leave-out" {
                leftOut.insert(title)
                continue
            }
            guard let kind = parts.first.flatMap({ Step.Kind(rawValue: String($0)) }) else {
                preconditionFailure("supabase/online: there is no step of this kind: \(line)")
            }
            finish()
            step = (kind, title)
            lines = []
        }
        finish()
    }
}

extension Migration {
    /// The sections of the text by title: the lines after `-- N. Title ---`, up to the next title.
    var sections: [(title: String, sql: String)] {
        var sections: [(title: String, sql: String)] = [("", "")]
        for line in sql.split(separator: "\n", omittingEmptySubsequences: false) {
            if let title = Self.title(line) { sections.append((title, "")) }
            sections[sections.count - 1].sql += line + "\n"
        }
        return sections
    }

    private static func title(_ line: Substring) -> String? {
        guard line.hasPrefix("-- "), line.hasSuffix("---"), line.dropFirst(3).first?.isNumber == true else {
            return nil
        }
        var title = line.dropFirst(3)
        while let last = title.last, last == "-" || last == " " { title.removeLast() }
        return String(title)
    }

    /// The text without the skipped sections; a section is named by the beginning of its title.
    func text(without leftOut: Set<String>) -> String {
        let sections = sections
        for title in leftOut where !sections.contains(where: { $0.title.hasPrefix(title) }) {
            preconditionFailure("supabase/online: \(label) has no section “\(title)”")
        }
        return sections.filter { section in !leftOut.contains { section.title.hasPrefix($0) } }.map(\.sql).joined()
    }
}
