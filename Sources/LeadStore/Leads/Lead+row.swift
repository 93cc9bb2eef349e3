import Postgres
import RoutingRules

extension Lead {
    /// A lead from a row.
    ///
    /// - Parameters:
    ///   - row: the row.
    ///   - first: the column of its email; the next ones are phone, first and last name, company name, industry,
    ///     company size, revenue, location, source, source id and metadata, as text, each of which may be null.
    /// - Throws: ``PostgresError`` if a column is of another type.
    init(_ row: Row, from first: Int) throws {
        self.init(
            email: try row.stringIfPresent(first),
            phone: try row.stringIfPresent(first + 1),
            firstName: try row.stringIfPresent(first + 2),
            lastName: try row.stringIfPresent(first + 3),
            companyName: try row.stringIfPresent(first + 4),
            industry: try row.stringIfPresent(first + 5),
            companySize: try row.stringIfPresent(first + 6),
            revenue: try row.stringIfPresent(first + 7),
            location: try row.stringIfPresent(first + 8).flatMap(LocationJSON.parse),
            source: try row.stringIfPresent(first + 9),
            sourceID: try row.stringIfPresent(first + 10),
            metadata: try row.stringIfPresent(first + 11)
        )
    }
}
