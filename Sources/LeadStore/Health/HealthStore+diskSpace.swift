import Postgres

extension HealthStore {
    /// Writes a megabyte and rolls it back: only a write detects a full disk.
    ///
    /// Costs some 20 ms; needs the right to create temporary tables.
    ///
    /// - Throws: `PostgresError`, if the database fails; SQLSTATE 53100 means a full disk.
    package func testWrite() async throws {
        try await session.pool.withTransaction { connection in
            _ = try await connection.query(Self.writeMegabyte)
        }
    }

    static let writeMegabyte = Statement(
        "",
        """
        CREATE TEMPORARY TABLE switchyard_room ON COMMIT DROP AS \
        SELECT repeat('x', 1000) AS x FROM generate_series(1, 1000)
        """
    )
}
