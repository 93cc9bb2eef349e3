package import RoutingRules

/// A lead as `POST /api/leads` takes it, for the command line.
package enum LeadJSON {
    /// Reads one lead; that nothing identifies it does not matter.
    ///
    /// - Throws: the first problem with it.
    package static func lead(_ text: String) throws -> Lead {
        var reader = JSONReader(Array(text.utf8), maximumDepth: 16)
        let decoded = try LeadDecoding.read(&reader)
        try reader.finish()
        if let problem = decoded.problems.first(where: { !$0.field.isEmpty }) { throw Unreadable(problem: problem) }
        return decoded.lead
    }

    /// A text that is no lead.
    package struct Unreadable: Error, CustomStringConvertible {
        let problem: FieldProblem

        package var description: String { "\(problem.field): \(problem.message)" }
    }
}
