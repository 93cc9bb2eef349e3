import CLibPQ
package import FoundationEssentials

/// One row; columns are read by their position from 0.
///
/// Every function throws ``PostgresError/Code/decoding`` when the column does not exist, is NULL (except for the
/// `…IfPresent` forms) or has another type; the error names column and type, never the value.
package struct Row: Sendable {
    let result: ResultSet
    let index: Int32

    /// Reads a `uuid`.
    package func uuid(_ column: Int) throws(PostgresError) -> UUID {
        try present(uuidIfPresent(column), column)
    }

    /// Reads a `uuid` that may be NULL.
    package func uuidIfPresent(_ column: Int) throws(PostgresError) -> UUID? {
        try decode(column, "uuid") { .uuid($0) }
    }

    /// Reads a text: `text`, `varchar`, enumerations, `json`, `jsonb`; any type of a ``PostgresPool/simple(_:)`` result.
    package func string(_ column: Int) throws(PostgresError) -> String {
        try present(stringIfPresent(column), column)
    }

    /// Reads a text that may be NULL.
    package func stringIfPresent(_ column: Int) throws(PostgresError) -> String? {
        try decode(column, "text") { .text($0) }
    }

    /// Reads an `integer` or `smallint`.
    package func int32(_ column: Int) throws(PostgresError) -> Int32 {
        try present(int32IfPresent(column), column)
    }

    /// Reads an `integer` or `smallint` that may be NULL.
    package func int32IfPresent(_ column: Int) throws(PostgresError) -> Int32? {
        try decode(column, "integer") { .integer($0) }
    }

    /// Reads a `bigint`, `integer`, `smallint` or `oid`.
    package func int64(_ column: Int) throws(PostgresError) -> Int64 {
        try present(int64IfPresent(column), column)
    }

    /// Reads a `bigint`, `integer`, `smallint` or `oid` that may be NULL.
    package func int64IfPresent(_ column: Int) throws(PostgresError) -> Int64? {
        try decode(column, "bigint") { .integer($0) }
    }

    /// Reads a `boolean`.
    package func bool(_ column: Int) throws(PostgresError) -> Bool {
        try present(boolIfPresent(column), column)
    }

    /// Reads a `boolean` that may be NULL.
    package func boolIfPresent(_ column: Int) throws(PostgresError) -> Bool? {
        try decode(column, "boolean") { .bool($0) }
    }

    /// Reads a `double precision` or `real`.
    package func double(_ column: Int) throws(PostgresError) -> Double {
        try present(doubleIfPresent(column), column)
    }

    /// Reads a `double precision` or `real` that may be NULL.
    package func doubleIfPresent(_ column: Int) throws(PostgresError) -> Double? {
        try decode(column, "double precision") { .double($0) }
    }

    /// Reads a `timestamptz`, or a `timestamp` taken as UTC.
    package func timestamp(_ column: Int) throws(PostgresError) -> Timestamp {
        try present(timestampIfPresent(column), column)
    }

    /// Reads a `timestamptz`, or a `timestamp` taken as UTC, that may be NULL.
    package func timestampIfPresent(_ column: Int) throws(PostgresError) -> Timestamp? {
        try decode(column, "timestamptz") { .timestamp($0) }
    }

    /// Reads a `bytea`.
    package func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        try present(bytesIfPresent(column), column)
    }

    /// Reads a `bytea` that may be NULL.
    package func bytesIfPresent(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try decode(column, "bytea") { .bytes($0) }
    }

    /// Whether a column is NULL.
    package func isNull(_ column: Int) -> Bool {
        PQgetisnull(result.pointer, index, Int32(clamping: column)) != 0
    }
}
