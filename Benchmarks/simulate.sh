#!/usr/bin/env bash
# Measures lint and simulation: 10,000 rules of one workspace, 100,000 leads of the last 30 days, caps by the day.
#
#   Benchmarks/simulate.sh BINARY        with a database in TEST_DATABASE_URL that may be filled with junk
set -euo pipefail
binary=$1
export DATABASE_URL=$TEST_DATABASE_URL
rules=${RULES:-10000}
leads=${LEADS:-100000}
"$binary" migrate up >/dev/null 2>&1
psql -qAt "$TEST_DATABASE_URL" -v ON_ERROR_STOP=1 <<SQL
INSERT INTO public.workspaces (id, name)
SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Simulated ' || n FROM generate_series(1, 12) n;
INSERT INTO public.routing_agreements (receiving_workspace_id, sending_workspace_id)
SELECT r.id, s.id FROM public.workspaces r, public.workspaces s WHERE r.id <> s.id;
INSERT INTO public.lead_routing_rules (workspace_id, rule_name, priority, conditions, destination_workspace_id)
SELECT '00000000-0000-4000-8000-000000000001', 'Rule ' || n, $rules - n,
    jsonb_build_object('industries', jsonb_build_array('industry ' || n % 997),
        'us_states', jsonb_build_array((ARRAY['CA','NY','TX','WA','FL','IL','MA','OR','GA','CO'])[n % 10 + 1]),
        'company_sizes', jsonb_build_array((ARRAY['1-10','11-50','51-200','201-500'])[n % 4 + 1])),
    ('00000000-0000-4000-8000-' || lpad((n % 11 + 2)::text, 12, '0'))::uuid
FROM generate_series(1, $rules) n;
INSERT INTO public.leads (workspace_id, source_workspace_id, email, phone, first_name, last_name, company_name,
    company_industry, company_size, company_revenue, company_location, source, metadata, routing_status, created_at)
SELECT '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', 'lead' || n || '@example.com',
    '+4420' || n, 'Ada', 'Lovelace', 'Analytical Engines ' || n, 'industry ' || n % 997,
    (ARRAY['1-10','11-50','51-200','201-500'])[n % 7 % 4 + 1], '\$1M-\$10M',
    jsonb_build_object('country', 'US', 'state', (ARRAY['CA','NY','TX','WA','FL','IL','MA','OR','GA','CO'])[n % 10 + 1],
        'city', 'Springfield'),
    'web', '{"campaign":"autumn","score":7}', 'routed', now() - (random() * 29) * interval '1 day'
FROM generate_series(1, $leads) n;
ANALYZE;
SQL
version=$(psql -qAt "$TEST_DATABASE_URL" -c "SELECT switchyard.current_rule_set_version()")
# The rules in force are a thousand other destinations away from that version.
psql -qAt "$TEST_DATABASE_URL" -c "UPDATE public.lead_routing_rules
    SET destination_workspace_id = '00000000-0000-4000-8000-000000000002' WHERE priority % 10 = 0"
seconds() { # seconds COMMAND…: wall time and peak memory
    /usr/bin/env python3 - "$@" <<'PY'
import resource, subprocess, sys, time
started = time.monotonic()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{time.monotonic() - started:.2f} s, {used.ru_utime:.2f} s of processor, {used.ru_maxrss // 1024} MB at most")
PY
}
for round in 1 2 3; do
    echo "lint, $rules rules: $(seconds "$binary" rules lint)"
    echo "simulate, $leads leads, $rules rules: $(seconds "$binary" rules simulate --workspace 'Simulated 1' \
        --as-of "$version" --days 30 --limit "$leads")"
done
"$binary" rules simulate --workspace 'Simulated 1' --as-of "$version" --days 30 --limit "$leads" 2>&1 | head -n 5
