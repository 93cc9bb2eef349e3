package import Postgres

/// The migrations of this build: the files of `supabase/`, carried inside the binary.
package enum SchemaMigrations {
    /// All of them, oldest first.
    package static let all: [Migration] = EmbeddedSQL.migrations.map { entry in
        Migration(
            version: entry.version,
            name: entry.name,
            sql: entry.sql,
            rollback: entry.rollback,
            online: entry.online
        )
    }

    /// The query of `supabase/verify.sql`, which says of each object whether it is there and right.
    package static let verifySQL: String = EmbeddedSQL.verify
}
