import FoundationEssentials
import Postgres

/// Fills a database with leads of the last ninety days, each with claims, credit and three log rows.
///
/// All indexes are there meanwhile, and identities are digests: what is in the indexes lies as it would have come to lie
/// by ingest. Takes some minutes for ten million; nothing is done where it is done already.
struct Filling: Sendable {
    let pool: PostgresPool
    let leads: Int

    private static let step = 50_000
    private static let states = "('{routed,routed,routed,routed,routed,routed,routed,routed,expired,failed}'::text[])"

    func run() async throws {
        let there = try await pool.simple("SELECT count(*) FROM (SELECT FROM public.leads LIMIT \(leads)) l").last?
            .first?
            .string(0)
        guard (there.flatMap { Int($0) } ?? 0) < leads else { return }
        _ = try await pool.simple(Self.prepare)
        let steps = stride(from: 0, to: leads, by: Self.step)
        // Two at a time, as many as there are cores here; each takes every second step.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<2 {
                group.addTask {
                    try await pool.withConnection { connection in
                        _ = try await connection.simple("SET statement_timeout = 0; SET synchronous_commit = off")
                        for (number, start) in steps.enumerated() where number % 2 == worker {
                            _ = try await connection.simple(insert(from: start, count: min(Self.step, leads - start)))
                            if number % 20 == 0 { note("\(start) leads") }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        _ = try await pool.simple(Self.statistics)
        try await pool.withConnection { connection in
            _ = try await connection.simple("SET statement_timeout = 0")
            for command in ["VACUUM (ANALYZE)", "CHECKPOINT"] { _ = try await connection.simple(command) }
        }
    }

    /// The months that the log has had partitions for.
    private static let prepare = """
        DO $$
        DECLARE
            v_month timestamp;
        BEGIN
            FOR i IN 1 .. 4 LOOP
                v_month := date_trunc('month', now() AT TIME ZONE 'UTC') - i * interval '1 month';
                EXECUTE format('CREATE TABLE IF NOT EXISTS switchyard.%I PARTITION OF public.lead_routing_logs FOR VALUES FROM (%L) TO (%L)',
                    'lead_routing_logs_' || to_char(v_month, 'YYYY_MM'), to_char(v_month, 'YYYY-MM-DD') || ' 00:00:00+00',
                    to_char(v_month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
            END LOOP;
        END
        $$;
        """

    /// A tenth has expired or failed, and every two hundredth waits for another try in the hours to come.
    private func insert(from start: Int, count: Int) -> String {
        """
        BEGIN;
        SELECT set_config('switchyard.deciding', 'batch', true);
        CREATE TEMPORARY TABLE new_leads ON COMMIT DROP AS
        SELECT n, t, (lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8'
                || lpad(to_hex(n), 15, '0'))::uuid AS id,
            ('00000000-0000-4000-8000-' || lpad((n % 12 + 1)::text, 12, '0'))::uuid AS source,
            ('00000000-0000-4000-8000-' || lpad(((n / 12) % 12 + 1)::text, 12, '0'))::uuid AS destination,
            sha256(('old e-mail ' || n)::bytea) AS email_identity, sha256(('old phone ' || n)::bytea) AS phone_identity,
            CASE WHEN n % 200 = 0 THEN 'pending' WHEN n % 20 = 1 THEN 'expired' WHEN n % 20 = 2 THEN 'failed' ELSE 'routed' END AS state
        FROM (SELECT g AS n, now() - interval '90 days' + g * (interval '90 days' / \(leads)) AS t
            FROM generate_series(\(start)::bigint, \(start + count - 1)) g) x;
        INSERT INTO public.leads (id, workspace_id, source_workspace_id, email, phone, first_name, last_name, company_name,
            company_industry, company_size, company_revenue, company_location, source, source_id, metadata, routing_status,
            routing_attempts, routing_last_attempted_at, dedupe_hash, routed_at, created_at, updated_at, lead_expires_at)
        SELECT id, CASE WHEN state = 'routed' THEN destination ELSE source END, source, 'old-' || n || '@example.com',
            '+44 1' || lpad(n::text, 9, '0'), 'Ada', 'Lovelace', 'Analytical Engines ' || n, 'Manufacturing', '11-50', '$1M-$10M',
            '{"country": "US", "state": "CA", "city": "Springfield"}', 'web', n::text,
            '{"campaign": "autumn", "utm_source": "newsletter"}', state::public.lead_routing_status, 1, t,
            encode(email_identity, 'hex'), CASE WHEN state = 'routed' THEN t END, t, t, t + interval '180 days'
        FROM new_leads;
        INSERT INTO public.lead_identity_claims (identity, lead_id, workspace_id, claimed_at)
        SELECT i.identity, id, source, t FROM new_leads CROSS JOIN LATERAL (VALUES (email_identity), (phone_identity)) i (identity)
        WHERE state IN ('routed', 'pending') ORDER BY i.identity;
        INSERT INTO public.lead_attributions (lead_id, workspace_id, credited_at) SELECT id, source, t FROM new_leads WHERE state = 'routed';
        INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at, created_at)
        SELECT id, source, 1, now() + interval '6 hours' + n % 3600 * interval '1 second', t FROM new_leads WHERE state = 'pending';
        INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, routing_result, reason, attempt,
            rule_set_version, created_at)
        SELECT id, source, CASE WHEN k = 3 AND state = 'routed' THEN destination END,
            CASE WHEN k < 3 OR state = 'pending' THEN 'retry' WHEN state = 'routed' THEN 'success' ELSE state END,
            'The rule Benchmark ' || n % 20 || ' matched.', k, 1, t + k * interval '1 millisecond'
        FROM new_leads CROSS JOIN generate_series(1, 3) k;
        COMMIT
        """
    }

    /// What gathering that log would have come to, more or less: per day, workspace and direction some eighty sums.
    ///
    /// With them no day is left to be counted from the log: that would go on for ninety runs of the schedule, and be no part of
    /// a database that has had its leads for long.
    private static let statistics = """
        INSERT INTO switchyard.routing_statistics (day, workspace_id, direction, dimension, key, routed, latency_ms)
        SELECT d::date, w.id, x.direction, k.dimension, k.key, 4000, 100000
        FROM generate_series(now() - interval '90 days', now() - interval '1 day', interval '1 day') d
        CROSS JOIN (SELECT id FROM public.workspaces WHERE name LIKE 'Benchmark %') w
        CROSS JOIN (VALUES ('in'), ('out')) x (direction)
        CROSS JOIN (SELECT 'all' AS dimension, '' AS key UNION ALL SELECT 'rule', 'rule ' || n FROM generate_series(1, 20) n
            UNION ALL SELECT 'industry', 'industry ' || n FROM generate_series(1, 10) n
            UNION ALL SELECT 'place', 'US|' || n FROM generate_series(1, 50) n) k
        ON CONFLICT DO NOTHING;
        SELECT switchyard.gather_statistics();
        UPDATE switchyard.statistics_watermark SET rebuild_before = NULL
        """
}
