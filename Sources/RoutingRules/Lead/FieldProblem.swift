/// A problem of one field of a request.
package struct FieldProblem: Error, Sendable, Hashable {
    /// A JSON pointer into the body (`/leads/3/email`), or the bare name of a query or path parameter.
    package var field: String
    /// The problem in one sentence, without the value.
    package var message: String
    /// The remedy.
    package var remedy: String?

    /// A problem at a place that is already a JSON pointer, or a parameter's name.
    package init(field: String, message: String, remedy: String? = nil) {
        self.field = field
        self.message = message
        self.remedy = remedy
    }
}
