import LeadStore
import Testing

@testable import Postgres

@Suite("Steps of an online migration")
struct OnlineStepsTests {
    @Test("A text is split at the semicolons between statements only")
    func textIsSplitAtStatements() {
        let text = """
            -- a; comment
            SELECT 'a;b''c;', E'it\\'s;', "odd;name", $1; /* outer; /* inner; */ still; */
            DO $$ BEGIN PERFORM 1; END $$;
            CREATE FUNCTION f() RETURNS text AS $body$ SELECT '$$;' $body$ LANGUAGE sql;;
            -- the end
            """
        let statements = SQLText(text).statements
        #expect(statements.count == 3)
        #expect(statements.first?.hasSuffix("$1") == true)
        #expect(statements.last?.hasSuffix("LANGUAGE sql") == true)
    }

    @Test("Indexes are created concurrently, on the table or a partition")
    func indexesAreCreatedConcurrently() throws {
        let index = try #require(
            IndexStatement("-- why\nCREATE UNIQUE INDEX IF NOT EXISTS one ON public.leads USING hash (a) WHERE b")
        )
        #expect(index.name == "one")
        #expect(index.table == "public.leads")
        #expect(
            index.concurrently
                == "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one ON public.leads USING hash (a) WHERE b"
        )
        let part = index.concurrently(onPartition: "switchyard.\"logs 1\"")
        #expect(part.name == "one_logs 1")
        #expect(part.sql.contains("ON switchyard.\"logs 1\" USING hash (a)"))
        #expect(IndexStatement("CREATE INDEX CONCURRENTLY a ON b (c)") == nil)
        #expect(IndexStatement("CREATE TABLE a (b int)") == nil)
        #expect(IndexStatement("DROP INDEX a") == nil)
    }

    @Test("Tables that a text alters are listed in advance")
    func alteredTablesAreNamed() {
        let text = """
            DO $$ BEGIN ALTER TABLE public.b ADD c int; END $$; -- ON x.comment
            CREATE TRIGGER t BEFORE INSERT ON public.a EXECUTE FUNCTION public.f();
            DROP TABLE IF EXISTS public.a; CREATE INDEX i ON public.a (c);
            """
        #expect(SQLText.tables(in: text) == ["public.a", "public.b"])
    }

    @Test("Steps before, with and after the migration are distinguished")
    func stepsBeforeWithAndAfterAreDistinguished() {
        let steps = OnlineSteps(
            """
            -- A comment.
            -- @leave-out 2. Backfill
            -- @short Adding
            ALTER TABLE a ADD b int;
            -- @migration
            DROP TRIGGER c ON a;
            -- @repeat Filling
            SELECT 1
            """
        )
        #expect(steps.before.map(\.title) == ["Adding"])
        #expect(steps.before.first?.sql.contains("ADD b int") == true)
        #expect(steps.with.contains("DROP TRIGGER c"))
        #expect(steps.after.map(\.kind) == [.repeat])
        let migration = Migration(
            version: "1",
            name: "a",
            sql:
                "-- head\nSELECT 0;\n-- 1. One ---\nSELECT 1;\n-- 2. Backfill: all ---\nSELECT 2;\n-- 3. Three ---\nSELECT 3;",
            rollback: nil
        )
        #expect(SQLText(migration.text(without: steps.leftOut)).statements.count == 3)
    }

    @Test("Every file of supabase/online is readable and names existing sections")
    func embeddedOnlineFilesAreReadable() {
        for migration in SchemaMigrations.all where migration.online != nil {
            let steps = OnlineSteps(migration.online)
            let text = migration.text(without: steps.leftOut)
            #expect(!SQLText(text).statements.isEmpty)
            for step in steps.before + steps.after where step.kind == .section {
                #expect(migration.sections.contains { $0.title.hasPrefix(step.title) }, "\(step.title)")
            }
        }
        #expect(SchemaMigrations.all.filter { $0.online != nil }.count == 2)
    }
}
