import FoundationEssentials
import LeadStore
import Postgres
import TestDatabase
import Testing

/// The leads that an installation had before routing: what a migration would do is said, and nothing final happens.
@Suite struct ExistingLeadsTests {
    /// Two leads without a workspace, one of them old, and a trigger that writes an outbox.
    private func withInstallation(_ body: (PostgresPool, SchemaStore) async throws -> Void) async throws {
        try await withEmptyDatabase { database in
            let pool = database.pool
            _ = try await pool.simple(
                """
                CREATE TABLE public.workspaces (id uuid PRIMARY KEY, name text);
                CREATE TABLE public.leads (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), workspace_id uuid, email text,
                    created_at timestamptz DEFAULT now());
                CREATE TABLE public.outbox (lead uuid);
                CREATE FUNCTION public.tell_outbox() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN INSERT INTO outbox VALUES (NEW.id); RETURN NEW; END $$;
                CREATE TRIGGER tell_outbox BEFORE UPDATE ON public.leads FOR EACH ROW EXECUTE FUNCTION public.tell_outbox();
                INSERT INTO public.workspaces VALUES ('7b0f5a1e-0000-4000-8000-000000000003', 'W');
                INSERT INTO public.leads (workspace_id, email, created_at) VALUES
                    (NULL, 'old@example.com', now() - interval '200 days'), (NULL, 'new@example.com', now()),
                    ('7b0f5a1e-0000-4000-8000-000000000003', 'own@example.com', now());
                ANALYZE public.leads;
                """
            )
            try await body(pool, Stores(pool: pool).schema)
        }
    }

    private func number(_ sql: String, _ pool: PostgresPool) async throws -> Int? {
        try await pool.simple(sql).last?.first?.texts.first.flatMap { Int($0) }
    }

    @Test func planForecastsTriggersAndLeads() async throws {
        try await withInstallation { _, schema in
            let forecast = try #require(try await schema.backfillForecast())
            #expect(forecast.triggers.map(\.name) == ["tell_outbox"])
            #expect(forecast.triggers.first?.function == "public.tell_outbox")
            #expect(forecast.leads == 3 && forecast.withoutWorkspace == 2)
        }
    }

    @Test func nothingFinalHappensUntilChosen() async throws {
        try await withInstallation { pool, schema in
            _ = try await Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in [] }.up()
            #expect(try await schema.settle(.keep) == 2)
            let due = "SELECT count(*) FROM lead_routing_queue WHERE next_retry_at <= now()"
            #expect(try await number(due, pool) == 0)
            #expect(try await number("SELECT mark_expired_leads()", pool) == 0)
            #expect(try await schema.verify().filter { !$0.isOK } == [])

            #expect(try await schema.settle(.route) == 2)
            #expect(try await number(due, pool) == 2)
            #expect(try await number("SELECT mark_expired_leads()", pool) == 0)

            #expect(try await schema.settle(.expire) == 2)
            #expect(try await number("SELECT count(*) FROM leads WHERE routing_status = 'expired'", pool) == 2)
        }
    }

    /// Ahead of the migration leads are filled in batches; with the choice no trigger of the installation fires.
    @Test(arguments: [true, false]) func onlineRunLeavesTriggersOut(withoutTriggers: Bool) async throws {
        try await withInstallation { pool, _ in
            let migrator = Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in [] }
            _ = try await migrator.upOnline(withoutTriggers: withoutTriggers)
            let fired = try await number("SELECT count(*) FROM public.outbox", pool) ?? -1
            #expect(withoutTriggers ? fired == 0 : fired >= 3)
            #expect(try await number("SELECT count(*) FROM leads WHERE dedupe_hash IS NULL", pool) == 0)
        }
    }
}
