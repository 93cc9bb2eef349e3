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

    /// The migration that adds routing to the leads that are there, and fills their columns.
    package static let fillingLeads = "20260131000001"

    /// The versions to repeat when row-level security was switched on for tables of the installation: they create the
    /// policies of these tables.
    ///
    /// Without the one that fills the columns of every lead.
    package static let afterSecuring = Set(all.map(\.version).filter { $0 != fillingLeads })

    /// The query of `supabase/verify.sql`, which checks each object of the schema.
    package static let verifySQL: String = EmbeddedSQL.verify
}
