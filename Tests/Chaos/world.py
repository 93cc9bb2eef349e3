"""Workspaces, partners, agreements and rules of the run."""

import json


def workspace(number):
    return f"00000000-0000-4000-8000-{number:012d}"


def rule(number):
    return f"00000000-0000-4000-9000-{number:012d}"


# They keep, fall back, retry, and keep what no rule matches.
SOURCES = [workspace(n) for n in (1, 2, 3, 4)]
RETRYING = SOURCES[2]
DESTINATIONS = [workspace(n) for n in (11, 12, 13, 14, 15)]
NOBODY = workspace(999)
RULES = [rule(n) for n in range(1, 8)]
# A workspace with a cap, for which leads wait when it is full; and a pool without caps. Only rules send leads there.
CAPPED = workspace(21)
CAP = 30
POOL = {workspace(31): 3, workspace(32): 2, workspace(33): 1}
CAPPED_RULE, POOL_RULE = rule(21), rule(31)


def capacity(limit):
    return {"timeZone": "America/New_York", "caps": [{"per": "total", "limit": limit}]}


def distribution(pool):
    members = [{"workspaceId": id, "weight": weight} for id, weight in pool.items()]
    return {"pool": {"method": "weighted", "members": members}}


SQL = f"""
INSERT INTO workspaces (id, name) VALUES
    {', '.join(f"('{id}', 'Source {n}')" for n, id in enumerate(SOURCES, 1))},
    {', '.join(f"('{id}', 'Destination {n}')" for n, id in enumerate(DESTINATIONS, 1))};
INSERT INTO workspaces (id, name) VALUES ('{CAPPED}', 'Capped'), {', '.join(f"('{id}', 'Pool {n}')" for n, id in enumerate(POOL))};
UPDATE workspaces SET capacity = '{json.dumps(capacity(CAP))}' WHERE id = '{CAPPED}';
UPDATE workspaces SET unmatched_policy = 'fallback', fallback_workspace_id = '{DESTINATIONS[4]}' WHERE id = '{SOURCES[1]}';
UPDATE workspaces SET unmatched_policy = 'retry' WHERE id = '{RETRYING}';
INSERT INTO partners (workspace_id, name) SELECT id, 'Partner of ' || name FROM workspaces;
INSERT INTO routing_agreements (receiving_workspace_id, sending_workspace_id)
    SELECT d.id, s.id FROM workspaces d, workspaces s WHERE d.name LIKE 'Destination%' AND s.name LIKE 'Source%';
INSERT INTO lead_routing_rules (id, workspace_id, rule_name, priority, conditions, destination_workspace_id) VALUES
    ('{RULES[0]}', NULL, 'Information', 10, '{{"industries": ["Information"]}}', '{DESTINATIONS[0]}'),
    ('{RULES[1]}', NULL, 'Manufacturing', 10, '{{"industries": ["Manufacturing"]}}', '{DESTINATIONS[1]}'),
    ('{RULES[2]}', NULL, 'Retail', 10, '{{"industries": ["Retail Trade"]}}', '{DESTINATIONS[2]}'),
    ('{RULES[3]}', NULL, 'Retail, if the first is paused', 5, '{{"industries": ["Retail Trade"]}}', '{DESTINATIONS[3]}'),
    ('{RULES[4]}', '{SOURCES[0]}', 'Canada', 50, '{{"countries": ["Canada"]}}', '{DESTINATIONS[3]}'),
    ('{RULES[5]}', '{SOURCES[3]}', 'Germany', 40, '{{"countries": ["Germany"]}}', '{DESTINATIONS[0]}'),
    ('{RULES[6]}', '{RETRYING}', 'Builders', 20, '{{"industries": ["Construction"]}}', '{DESTINATIONS[2]}');
INSERT INTO lead_routing_rules (id, workspace_id, rule_name, priority, conditions, destination_workspace_id, distribution) VALUES
    ('{CAPPED_RULE}', NULL, 'Utilities', 10, '{{"industries": ["Utilities"]}}', '{CAPPED}', '{{"whenFull": "wait"}}'),
    ('{POOL_RULE}', NULL, 'Finance', 10, '{{"industries": ["Finance and Insurance"]}}', '{next(iter(POOL))}',
        '{json.dumps(distribution(POOL))}');
"""
