/// The problems of one request: the first twenty, and how many more there are.
///
/// A body of a megabyte can have a hundred thousand problems. Only those that are reported cost more than a count: the
/// texts of the others are never built. The name of a field is shortened, so that the answer is bounded in bytes too.
package struct FieldProblems: Sendable, Hashable {
    /// The most problems that a request reports.
    package static let limit = 20
    /// The most bytes of a field's name in a report.
    package static let fieldBytes = 200

    /// The reported problems, in the order in which they were found.
    package private(set) var reported: [FieldProblem] = []
    /// How many problems are not reported.
    package private(set) var omittedCount = 0
    private let limit: Int

    /// No problems.
    ///
    /// - Parameter limit: how many are reported; the rest is counted.
    package init(limit: Int = Self.limit) { self.limit = limit }

    /// Whether there is no problem.
    package var isEmpty: Bool { reported.isEmpty && omittedCount == 0 }

    /// How many problems there are, reported or not.
    package var count: Int { reported.count + omittedCount }

    /// Adds a problem; its texts are built only if it is reported.
    package mutating func note(
        _ field: @autoclosure () -> String,
        _ message: @autoclosure () -> String,
        _ remedy: @autoclosure () -> String? = nil
    ) {
        guard reported.count < limit else {
            omittedCount += 1
            return
        }
        reported.append(FieldProblem(field: Self.shortened(field()), message: message(), remedy: remedy()))
    }

    /// Adds a problem that exists already.
    package mutating func append(_ problem: FieldProblem) { note(problem.field, problem.message, problem.remedy) }

    /// Adds the problems of a part of the request.
    package mutating func add(_ other: FieldProblems) {
        for problem in other.reported { append(problem) }
        omittedCount += other.omittedCount
    }

    /// The reported problems, and one line that counts the others.
    package var list: [FieldProblem] {
        guard omittedCount > 0 else { return reported }
        let rest = FieldProblem(
            field: "",
            message: "And \(omittedCount) more.",
            remedy: "Fix the problems above and send the request again."
        )
        return reported + [rest]
    }

    /// The same problems with their fields changed.
    package func mappingFields(_ change: (String) -> String) -> FieldProblems {
        var problems = self
        for index in problems.reported.indices {
            problems.reported[index].field = change(problems.reported[index].field)
        }
        return problems
    }

    /// A name of at most ``fieldBytes`` bytes, cut at a character's boundary.
    private static func shortened(_ field: String) -> String {
        guard field.utf8.count > fieldBytes else { return field }
        var end = field.utf8.index(field.utf8.startIndex, offsetBy: fieldBytes)
        while end > field.startIndex, end.samePosition(in: field.unicodeScalars) == nil {
            end = field.utf8.index(before: end)
        }
        return String(field.unicodeScalars[..<end]) + "…"
    }
}
