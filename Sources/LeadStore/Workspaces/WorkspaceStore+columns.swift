import JSON
import Postgres

/// Columns that an installation has added to `workspaces`.
extension WorkspaceStore {
    /// A column of the installation.
    private struct HostColumn {
        let name: String
        let quotedName: String
        let isRequired: Bool
    }

    /// The statement that creates a workspace with values for columns of the installation.
    ///
    /// - Throws: `StoreError` naming a column that `workspaces` does not have, or that Switchyard fills.
    func insertion(filling columns: [JSONValue.Member]?) async throws -> Statement {
        guard let columns, !columns.isEmpty else { return Self.insertWorkspace }
        let known = try await hostColumns()
        var quoted: [String] = []
        for name in Set(columns.map(\.key)).sorted() {
            guard let column = known.first(where: { $0.name == name }) else {
                let names = known.map(\.name).joined(separator: ", ")
                throw StoreError(
                    .invalid,
                    field: "/columns/\(name)",
                    "The table workspaces has no such column of the installation.",
                    remedy: names.isEmpty ? "It has none: omit columns." : "It has: \(names)."
                )
            }
            quoted.append(column.quotedName)
        }
        return Statement("", Self.insertion(columns: quoted))
    }

    /// The refusal of a workspace for which columns of the installation have no value, or the error unchanged.
    func requiringColumns(of given: [JSONValue.Member]?, _ error: StoreError) async throws -> StoreError {
        guard error.message == StoreError.valueRequired else { return error }
        let missing = try await hostColumns()
            .filter { column in
                column.isRequired && given?.contains { $0.key == column.name } != true
            }
        guard let first = missing.first else { return error }
        let names = missing.map(\.name).joined(separator: ", ")
        let example = missing.map { "\"\($0.name)\": …" }.joined(separator: ", ")
        return StoreError(
            .invalid,
            field: "/columns/\(first.name)",
            "The installation's table workspaces requires a value for: \(names).",
            remedy: """
                Send "columns": {\(example)}, or set a default once: \
                ALTER TABLE workspaces ALTER COLUMN \(first.quotedName) SET DEFAULT ….
                """
        )
    }

    private func hostColumns() async throws -> [HostColumn] {
        try await session.pool.query(Self.findHostColumns)
            .map { HostColumn(name: try $0.string(0), quotedName: try $0.string(1), isRequired: try $0.bool(2)) }
    }

    static let findHostColumns = Statement(
        "host_columns",
        """
        SELECT a.attname::text, quote_ident(a.attname), a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.workspaces'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            AND a.attname NOT IN ('id', 'name', 'workspace_type', 'is_active', 'routing_paused_at', 'routing_suspended_at',
                'routing_suspended_reason', 'unmatched_policy', 'fallback_workspace_id', 'capacity', 'deleted_at',
                'created_at', 'updated_at')
        ORDER BY a.attnum
        """
    )
}
