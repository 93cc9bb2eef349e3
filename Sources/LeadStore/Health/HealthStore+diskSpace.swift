import Postgres

extension HealthStore {
    /// Writes a megabyte and takes it back: a full disk is found out by nothing else.
    ///
    /// Costs some 20 ms; needs the right to make temporary tables.
    ///
    /// - Throws: what the database says; SQLSTATE 53100 means that there is no room.
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
