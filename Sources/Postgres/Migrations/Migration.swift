/// One step of the schema: SQL that is safe to repeat, and the SQL that reverts it.
package struct Migration: Sendable, Hashable {
    /// The version, which orders migrations and identifies them in the ledger: fourteen digits, as Supabase has it.
    package let version: String
    /// The rest of the file's name.
    package let name: String
    /// Plain statements, without BEGIN and COMMIT; safe to run again.
    package let sql: String
    /// The SQL that reverts it; nil if it cannot be reverted.
    package let rollback: String?
    /// The file of `supabase/online/` with the steps that apply it under load; nil if it needs none.
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
