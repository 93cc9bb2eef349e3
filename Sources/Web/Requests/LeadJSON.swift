package import FoundationEssentials
import JSON
import LeadRouting
package import RoutingRules

/// A lead in the form of `POST /api/leads`, for the command line.
package enum LeadJSON {
    /// Decodes one lead; it needs no identity.
    ///
    /// - Throws: ``Unreadable`` with the first problem.
    package static func lead(_ text: String) throws -> Lead {
        var reader = JSONScanner(Array(text.utf8), maximumDepth: 16)
        let decoded = try LeadDecoding.read(&reader)
        try reader.finish()
        if let problem = decoded.problems.reported.first(where: { !$0.field.isEmpty }) {
            throw Unreadable(problem: problem)
        }
        return decoded.lead
    }

    /// Decodes leads: a list of objects, or one object a line; blank lines are skipped.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - limits: the limit of nesting.
    ///   - most: the most leads.
    /// - Returns: the leads, each with the workspace that it names.
    /// - Throws: ``LineError`` with the first invalid one.
    package static func leads(
        _ bytes: [UInt8],
        limits: WebConfiguration.Limits = .init(),
        atMost most: Int = .max
    ) throws -> [(lead: Lead, workspaceID: UUID?)] {
        var leads: [(lead: Lead, workspaceID: UUID?)] = []
        func take(_ reader: inout JSONScanner, _ line: Int) throws {
            let kind = try reader.kind()
            guard kind == .object else {
                throw LineError(line: line, field: "", message: "A lead must be an object, not \(kind.rawValue).")
            }
            if line % 64 == 0 { try Task.checkCancellation() }
            let decoded = try LeadDecoding.read(&reader)
            // The leads need no identity here.
            if let problem = decoded.problems.reported.first(where: { !$0.field.isEmpty }) {
                throw LineError(line: line, field: problem.field, message: problem.message)
            }
            guard leads.count < most else {
                throw LineError(line: line, field: "", message: "There are more than \(most) leads.")
            }
            leads.append((decoded.lead, decoded.workspaceID))
        }
        let isList = bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) } == UInt8(ascii: "[")
        guard !isList else {
            var reader = JSONScanner(bytes, maximumDepth: limits.jsonDepth)
            do {
                try reader.readArray { reader, index in try take(&reader, index + 1) }
                try reader.finish()
            } catch let error as JSONSyntaxError {
                throw LineError(line: leads.count + 1, field: "", message: "\(error)")
            }
            return leads
        }
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            var reader = JSONScanner(Array(line), maximumDepth: limits.jsonDepth)
            do {
                try take(&reader, index + 1)
                try reader.finish()
            } catch let error as JSONSyntaxError {
                throw LineError(line: index + 1, field: "", message: "\(error)")
            }
        }
        return leads
    }

    /// A line, or an element of a list, that is not a valid lead.
    package struct LineError: Error, CustomStringConvertible {
        /// Its number, from 1.
        package let line: Int
        /// The field of the lead, as a JSON pointer.
        let field: String
        /// The problem.
        let message: String

        package var description: String { "line \(line)\(field.isEmpty ? "" : ", \(field)"): \(message)" }
    }

    /// A text that is not a valid lead.
    package struct Unreadable: Error, CustomStringConvertible {
        let problem: FieldProblem

        package var description: String { "\(problem.field): \(problem.message)" }
    }
}
