import Digests

/// Follows the chain of the audit's hashes, row by row, and finds the first row that does not fit.
package struct AuditChain: Sendable {
    /// What is wrong with the audit.
    package enum Fault: Error, Sendable, Hashable {
        /// Rows are missing before this one: it has another number than the next.
        case gap(expected: Int64, found: Int64)
        /// The row does not follow the one before it: rows between them were removed, or it was inserted.
        case order(Int64)
        /// The row was changed after it was appended.
        case changed(Int64)
        /// No row has the expected hash: the end of the audit was cut off, or all of it was written anew.
        case missingAnchor
    }

    /// How many rows were read.
    package private(set) var count: Int64 = 0
    /// The hash of the last row; zeros before the first.
    package private(set) var hash = [UInt8](repeating: 0, count: SHA256.byteCount)
    /// Whether a row with the anchor was read; true without one.
    package private(set) var hasAnchor: Bool
    private let anchor: [UInt8]?

    /// A chain before its first row.
    ///
    /// - Parameter anchor: the hash that a row must have; nil for none.
    package init(anchor: [UInt8]? = nil) {
        self.anchor = anchor
        hasAnchor = anchor == nil
    }

    /// Reads the next row.
    ///
    /// - Throws: ``Fault``.
    package mutating func read(_ row: AuditRow) throws(Fault) {
        guard row.sequence == count + 1 else { throw .gap(expected: count + 1, found: row.sequence) }
        guard row.previousHash == hash else { throw .order(row.sequence) }
        guard row.hash == SHA256.hash(row.previousHash, Array(row.content.utf8)) else { throw .changed(row.sequence) }
        count = row.sequence
        hash = row.hash
        if hash == anchor { hasAnchor = true }
    }
}
