/// One step of the schema: SQL that can be run again, and the SQL that takes it back.
package struct Migration: Sendable, Hashable {
    /// What orders migrations and names them in the ledger: fourteen digits, as Supabase has it.
    package let version: String
    /// The rest of the file's name.
    package let name: String
    /// Plain statements, without BEGIN and COMMIT; safe to run again.
    package let sql: String
    /// What takes it back; nil when nothing does.
    package let rollback: String?
    /// The file of `supabase/online/` that says how to apply it while others work; nil when it needs nothing special.
    package let online: String?

    /// A migration.
    package init(version: String, name: String, sql: String, rollback: String?, online: String? = nil) {
        self.version = version
        self.name = name
        self.sql = sql
        self.rollback = rollback
        self.online = online
    }
}
