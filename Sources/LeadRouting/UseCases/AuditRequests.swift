package import LeadStore

/// What an administrator may ask of the audit, and a workspace of its own part.
package struct AuditRequests: Sendable {
    /// The result of a verification.
    package enum Verification: Sendable, Hashable {
        /// Every row fits; how many there are, and the hash of the last.
        case whole(rows: Int64, hash: [UInt8])
        /// Something does not fit.
        case broken(AuditChain.Fault)
    }

    /// How many rows are read at once.
    private static let page: Int64 = 1000

    let stores: Stores

    /// The newest rows that match, newest first.
    ///
    /// A workspace reads the rows that belong to it: they hold ids, and no text of another workspace.
    ///
    /// - Parameters:
    ///   - filter: which rows.
    ///   - limit: how many at most.
    ///   - caller: an administrator or a workspace; `audit:read`.
    /// - Returns: the rows.
    /// - Throws: ``RequestError``; `.forbidden` for the rows of another workspace.
    package func newest(_ filter: AuditFilter, limit: Int, as caller: Caller) async throws -> [AuditRow] {
        try caller.require(.auditRead)
        var filter = filter
        if let own = caller.workspaceID {
            guard filter.workspaceID == nil || filter.workspaceID == own else {
                throw RequestError.otherWorkspace(
                    "A workspace reads its own audit only.",
                    remedy: "Omit workspaceId, or ask an administrator."
                )
            }
            filter.workspaceID = own
        }
        return try await mappingErrors { try await stores.audit.newest(filter, limit: Int64(limit)) }
    }

    /// Follows the chain of hashes from the first row to the last.
    ///
    /// The owner of the database can write the whole audit anew, or cut off its end: only a hash that was noted elsewhere
    /// shows that.
    ///
    /// - Parameters:
    ///   - hash: a hash that an earlier verification returned; nil for none.
    ///   - caller: an administrator; `admin`.
    /// - Returns: whether all rows fit.
    /// - Throws: ``RequestError``.
    package func verify(expecting hash: [UInt8]?, as caller: Caller) async throws -> Verification {
        var chain = AuditChain(anchor: hash)
        do {
            try await read(after: 0, as: caller) { try chain.read($0) }
        } catch let fault as AuditChain.Fault {
            return .broken(fault)
        }
        return chain.hasAnchor ? .whole(rows: chain.count, hash: chain.hash) : .broken(.missingAnchor)
    }

    /// Passes on the rows after a number, in their order.
    ///
    /// - Parameters:
    ///   - sequence: the number; 0 for all.
    ///   - caller: an administrator; `admin`.
    ///   - body: receives each row.
    /// - Throws: ``RequestError``; what the body throws.
    package func read(
        after sequence: Int64,
        as caller: Caller,
        _ body: (AuditRow) throws -> Void
    ) async throws {
        try caller.requireAdministrator(.admin)
        var last = sequence
        while true {
            let rows = try await mappingErrors { try await stores.audit.rows(after: last, limit: Self.page) }
            for row in rows { try body(row) }
            guard let end = rows.last else { return }
            last = end.sequence
        }
    }
}
