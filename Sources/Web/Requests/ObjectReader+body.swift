import JSON
import LeadRouting
import Postgres
import RoutingRules

extension ObjectReader {
    /// Reads a body, which must be an object.
    ///
    /// - Parameters:
    ///   - bytes: the body.
    ///   - names: the valid names, as in the documentation; snake case or camel case is accepted.
    ///   - limits: the limit of nesting.
    /// - Throws: ``JSONSyntaxError``, or ``Problem`` if it is not an object.
    init(_ bytes: [UInt8], names: [String], limits: WebConfiguration.Limits) throws {
        let value = try JSONReader.value(of: bytes, maximumDepth: limits.jsonDepth)
        self.init(value, names: names, from: .request)
        if case .object = value { return }
        try finish()
    }

    /// Throws the recorded problems, if any.
    func finish() throws {
        if !problems.isEmpty { throw Problem.invalid(problems) }
    }

    /// A time of the database; null counts as missing.
    mutating func timestamp(_ name: String) -> Timestamp? {
        time(name).map(Timestamp.init(microsecondsSinceUnixEpoch:))
    }
}
