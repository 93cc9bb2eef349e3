"""Identity: the vectors that the Swift side is tested against as well."""
import json
import re

from harness import ROOT


def run(h):
    print("# Identity")
    db = h.migrated()
    text = (ROOT / "Tests" / "Fixtures" / "identity-vectors.json").read_text()
    vectors = json.loads(text)
    wrong = db.run(f"""
        SELECT v ->> 'kind', v ->> 'input', switchyard.normalised_identity(v ->> 'kind', v ->> 'input')
        FROM jsonb_array_elements($vectors${text}$vectors$::jsonb) v
        WHERE switchyard.normalised_identity(v ->> 'kind', v ->> 'input') IS DISTINCT FROM v ->> 'normalised'
            OR encode(switchyard.lead_identity(v ->> 'kind', v ->> 'input'), 'hex') IS DISTINCT FROM v ->> 'sha256'""")
    h.check(f"the database agrees with {len(vectors)} identity vectors", len(vectors) >= 60 and wrong == "", wrong)
    body = db.run("SELECT prosrc FROM pg_proc WHERE oid = 'switchyard.normalised_identity(text, text)'::regprocedure")
    for file, array in {"legal-forms": "c_legal", "no-company": "c_blank"}.items():
        lines = (ROOT / "Sources" / "RoutingRules" / "Identity" / f"{file}.txt").read_text().splitlines()
        wanted = {line for line in lines if not line.startswith("#")}
        found = re.search(array + r" constant text\[\] := ARRAY\[(.*?)\]", body, re.S)
        h.equal(f"{file}.txt and {array} are the same", set(re.findall("'([^']*)'", found[1] if found else "")) - {""}, wanted)
    same = {
        "e-mail goes before phone": ("'a@x.com', '5550100199', 'Acme'", "'A@X.com', NULL, NULL", True),
        "phone goes before company": ("NULL, '+1 (555) 010-0199', 'Acme'", "' ', '555-010-0199', 'Other'", True),
        "company when alone": ("NULL, NULL, 'Acme'", "'n/a', 'n/a', 'ACME Inc.'", True),
        "a|b + c is not a + b|c": ("'a|b@x', NULL, 'c'", "'a@x', 'b|c', NULL", False),
        "a phone is no company": ("NULL, '5550100199', NULL", "NULL, NULL, '5550100199'", False),
    }
    for name, (one, two, wanted) in same.items():
        h.equal(name, db.run(f"SELECT generate_dedupe_hash({one}) = generate_dedupe_hash({two})"), "t" if wanted else "f")
    h.equal("empty values give no identity", db.run("SELECT generate_dedupe_hash(NULL, '', '  ') IS NULL AND generate_dedupe_hash(NULL, NULL, NULL) IS NULL"), "t")
    h.equal("the hash is 64 hex digits", db.run("SELECT generate_dedupe_hash('a@x.com', NULL, NULL) ~ '^[0-9a-f]{64}$'"), "t")
    h.equal("lead_claims accepts 3,000 random texts", db.run("""SELECT count(*) FROM generate_series(1, 3000) n, LATERAL (SELECT string_agg(chr(CASE
        WHEN c BETWEEN 55296 AND 57343 THEN 65 ELSE c END), '') t FROM (SELECT 1 + (random() * 70000)::int c FROM generate_series(1, 8 + sign(n)::int)) x) r
        WHERE (switchyard.lead_claims(r.t, r.t, r.t)) IS NULL"""), "0")
