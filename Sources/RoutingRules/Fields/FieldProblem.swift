/// A problem of one field: of a request, a document, settings or conditions.
package struct FieldProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// A JSON pointer (`/leads/3/email`; empty for the whole), or the bare name of a query or path parameter.
    package var field: String
    /// The problem in one sentence, without the value.
    package var message: String
    /// The remedy; nil if the message contains it.
    package var remedy: String?

    /// A problem at a place that is already a JSON pointer, or a parameter's name.
    package init(field: String, message: String, remedy: String? = nil) {
        self.field = field
        self.message = message
        self.remedy = remedy
    }

    /// The same problem in a larger object, whose pointer to this one is `prefix`.
    package func under(_ prefix: String) -> FieldProblem {
        FieldProblem(field: prefix + field, message: message, remedy: remedy)
    }

    package var description: String { "\(field.isEmpty ? "/" : field): \(message)" }
}

/// All problems of a document, thrown together.
package struct InvalidDocument: Error, Sendable, Hashable, CustomStringConvertible {
    /// The problems, in the order of the document.
    package let problems: [FieldProblem]

    /// These problems.
    package init(_ problems: [FieldProblem]) { self.problems = problems }

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
