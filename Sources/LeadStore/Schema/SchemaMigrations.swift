package import Postgres

/// The migrations of this build: the files of `supabase/`, embedded in the binary.
package enum SchemaMigrations {
    /// All migrations, oldest first.
    package static let all: [Migration] = EmbeddedSQL.migrations.map { entry in
        Migration(
            version: entry.version,
            name: entry.name,
            sql: entry.sql,
            rollback: entry.rollback,
            online: entry.online
        )
    }

    /// The query of `supabase/verify.sql`, which checks each object of the schema.
    package static let verifySQL: String = EmbeddedSQL.verify
}
