extension OpenAPIDocument {
    /// Schemas of what is said about rules: lint, explanation, simulation.
    static let analysisSchemas = #"""
            Finding:
              type: object
              required: [severity, code, workspaceId, ruleId, ruleName, otherRuleId, otherRuleName, path, message, remedy]
              properties:
                severity: {type: string, enum: [error, warning, note]}
                code:
                  type: string
                  enum:
                    - unreadable
                    - never-matches
                    - dead-value
                    - unknown-country
                    - shadowed
                    - shadowed-together
                    - duplicate
                    - missing-destination
                    - inactive-destination
                    - paused-destination
                    - no-agreement
                    - empty-pool
                    - dead-member
                    - priority-tie
                    - catch-all-not-last
                    - uncovered-cells
                    - dead-fallback
                workspaceId: {$ref: '#/components/schemas/NullableId', description: Whose rules; null for the platform's.}
                ruleId: {$ref: '#/components/schemas/NullableId'}
                ruleName: {type: [string, 'null']}
                otherRuleId: {$ref: '#/components/schemas/NullableId'}
                otherRuleName: {type: [string, 'null']}
                path: {type: [string, 'null'], description: Where in the rule, as a JSON pointer.}
                message: {type: string}
                remedy: {type: string}
            LintReport:
              type: object
              required: [ruleSetVersion, ruleCount, summary, findings, truncated]
              properties:
                ruleSetVersion: {type: integer, format: int64}
                ruleCount: {type: integer}
                summary:
                  type: object
                  required: [errors, warnings, notes]
                  properties:
                    errors: {type: integer}
                    warnings: {type: integer}
                    notes: {type: integer}
                findings:
                  description: Worst first, then in the order of the rules; at most 1,000.
                  type: array
                  items: {$ref: '#/components/schemas/Finding'}
                truncated: {type: boolean, description: Whether there are more than those.}
            Explanation:
              type: object
              required: [leadId, status, workspaceId, summary, since, erasedAt, isDuplicate, duplicateLeadId, decision, reproduced, cause, note, ruleSet, lead, rules, counts, capacity, decisions]
              properties:
                leadId: {$ref: '#/components/schemas/Id'}
                status: {type: string, enum: [pending, routing, routed, failed, expired]}
                workspaceId: {$ref: '#/components/schemas/NullableId'}
                summary: {type: string, description: What happened.}
                since: {type: [string, 'null'], description: 'What became of it after the decision, if the log says so.'}
                erasedAt:
                  description: When the person was erased; the rules are not told then.
                  $ref: '#/components/schemas/NullableTime'
                isDuplicate: {type: boolean}
                duplicateLeadId: {$ref: '#/components/schemas/NullableId'}
                decision:
                  description: The decision that is explained; null for a lead that nobody has decided yet.
                  oneOf:
                    - $ref: '#/components/schemas/Decision'
                    - type: 'null'
                reproduced: {type: [boolean, 'null'], description: Null where the rules had nothing to decide.}
                cause:
                  type: [string, 'null']
                  enum: [lead-changed, version-not-kept, state-not-kept, decided-elsewhere, erased, unknown, null]
                note: {type: string}
                ruleSet:
                  type: object
                  required: [version, isCurrent, author, action, createdAt, note]
                  properties:
                    version: {type: integer, format: int64}
                    isCurrent: {type: boolean}
                    author: {type: [string, 'null']}
                    action: {type: [string, 'null']}
                    createdAt: {$ref: '#/components/schemas/NullableTime'}
                    note: {type: [string, 'null']}
                lead:
                  description: What rules can ask about, as it was sent and as it is understood.
                  type: array
                  items:
                    type: object
                    required: [field, given, understood]
                    properties:
                      field: {type: string}
                      given: {type: [string, 'null']}
                      understood: {type: [string, 'null']}
                rules:
                  type: array
                  items: {$ref: '#/components/schemas/ExplainedRule'}
                counts:
                  type: object
                  required: [rules, matched, notShown]
                  properties:
                    rules: {type: integer}
                    matched: {type: integer}
                    notShown: {type: integer}
                capacity: {type: array, items: {type: string}, description: 'Caps, turns and clocks as the decision saw them.'}
                decisions:
                  description: All of its decisions, oldest first.
                  type: array
                  items: {$ref: '#/components/schemas/Decision'}
            Decision:
              type: object
              required: [number, result, reason, errorMessage, attempt, ruleSetVersion, destinationWorkspaceId, matchedRuleId, actor, createdAt]
              properties:
                number: {type: integer}
                result: {type: string}
                reason: {type: [string, 'null']}
                errorMessage: {type: [string, 'null']}
                attempt: {type: [integer, 'null']}
                ruleSetVersion: {type: [integer, 'null'], format: int64}
                destinationWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                matchedRuleId: {$ref: '#/components/schemas/NullableId'}
                actor: {type: [string, 'null']}
                createdAt: {$ref: '#/components/schemas/Time'}
            ExplainedRule:
              type: object
              required: [position, ruleId, name, priority, isPlatform, verdict, destinationWorkspaceId, because, failure, smallestChange]
              properties:
                position: {type: [integer, 'null'], description: 'Its place in the order in which rules are tried, from 1.'}
                ruleId: {$ref: '#/components/schemas/Id'}
                name: {type: string}
                priority: {type: integer, format: int32}
                isPlatform: {type: boolean}
                verdict: {type: string, enum: [took, waits, passed-over, comes-later, missed, unreadable]}
                destinationWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                because: {type: [string, 'null']}
                failure:
                  description: The first condition that does not hold.
                  type: [object, 'null']
                  properties:
                    path: {type: [string, 'null']}
                    field: {type: string}
                    expected: {type: [string, 'null']}
                    actual: {type: [string, 'null']}
                smallestChange: {type: [string, 'null'], description: The least that would have made it match.}
            SimulationRequest:
              type: object
              additionalProperties: false
              properties:
                workspaceId: {$ref: '#/components/schemas/NullableId'}
                draft:
                  description: The stored draft, the rules in force, or a rule set as for `PUT /api/rule-sets/{owner}/draft`.
                  default: stored
                  oneOf:
                    - {type: [string, 'null'], enum: [stored, published, null]}
                    - {$ref: '#/components/schemas/RuleSet'}
                counters:
                  description: |
                    What counters and turns begin with: as they stand now, or nothing taken. `empty` unless named with `days`, else
                    `live`. With `days` and `live` the leads come again from now on.
                  type: [string, 'null']
                  enum: [live, empty, null]
                version: {type: [integer, 'null'], description: The rules as they stood at this version.}
                days: {type: [integer, 'null'], minimum: 1, maximum: 400, default: 7}
                limit: {type: [integer, 'null'], minimum: 1, maximum: 1000000, default: 200000}
                lead: {$ref: '#/components/schemas/Lead'}
                leads: {type: array, maxItems: 50000, items: {$ref: '#/components/schemas/Lead'}}
                csv: {type: string, description: A CSV file of leads as `switchyard import` reads it.}
                ndjson: {type: string, description: A lead of JSON a line.}
            SimulatedWaits:
              type: object
              required: [leads, stillWaiting, longestSeconds]
              properties:
                leads: {type: integer, description: How many waited for capacity.}
                stillWaiting: {type: integer, description: How many still wait at the end.}
                longestSeconds: {type: integer, description: How long the longest of those waited that have moved.}
            SimulationReport:
              type: object
              required: [ruleSetVersion, draft, from, to, leadCount, duplicateCount, isTruncated, seconds, summary, workspaces, moves, rules, counters, offsetSeconds, waiting, caps, leads]
              properties:
                ruleSetVersion: {type: integer, format: int64}
                draft: {type: string}
                from: {$ref: '#/components/schemas/NullableTime'}
                to: {$ref: '#/components/schemas/NullableTime'}
                leadCount: {type: integer}
                duplicateCount: {type: integer, description: 'Left out, because no rule decides them.'}
                isTruncated: {type: boolean}
                seconds: {type: number}
                summary:
                  type: object
                  required: [unchanged, otherRule, moved, newlyMatched, newlyUnmatched]
                  properties:
                    unchanged: {type: integer}
                    otherRule: {type: integer}
                    moved: {type: integer}
                    newlyMatched: {type: integer}
                    newlyUnmatched: {type: integer}
                workspaces:
                  type: array
                  items:
                    type: object
                    required: [workspaceId, name, live, draft, movedIn, movedOut]
                    properties:
                      workspaceId: {$ref: '#/components/schemas/Id'}
                      name: {type: string}
                      live: {type: integer}
                      draft: {type: integer}
                      movedIn: {type: integer}
                      movedOut: {type: integer}
                moves:
                  type: array
                  items:
                    type: object
                    required: [from, to, count, leadIds]
                    properties:
                      from: {$ref: '#/components/schemas/Placement'}
                      to: {$ref: '#/components/schemas/Placement'}
                      count: {type: integer}
                      leadIds: {type: array, maxItems: 10, items: {$ref: '#/components/schemas/Id'}}
                rules:
                  type: array
                  items:
                    type: object
                    required: [ruleId, name, live, draft]
                    properties:
                      ruleId: {$ref: '#/components/schemas/Id'}
                      name: {type: string}
                      live: {type: [integer, 'null']}
                      draft: {type: [integer, 'null']}
                counters: {type: string, enum: [live, empty], description: What counters and turns began with.}
                offsetSeconds: {type: integer, description: 'By how much later than they came leads were taken to come; times of caps are later by this.'}
                waiting:
                  type: object
                  required: [live, draft]
                  properties:
                    live: {$ref: '#/components/schemas/SimulatedWaits'}
                    draft: {$ref: '#/components/schemas/SimulatedWaits'}
                caps:
                  type: array
                  items:
                    type: object
                    required: [subject, per, limit, live, draft]
                    properties:
                      subject: {type: string}
                      per: {type: string, enum: [hour, day, week, month, total]}
                      limit: {type: integer, format: int64}
                      live: {$ref: '#/components/schemas/CapFill'}
                      draft: {$ref: '#/components/schemas/CapFill'}
                leads:
                  description: Each lead, where at most a hundred were asked about.
                  type: array
                  items:
                    type: object
                    required: [index, live, draft]
                    properties:
                      index: {type: integer}
                      live: {$ref: '#/components/schemas/SimulatedDecision'}
                      draft: {$ref: '#/components/schemas/SimulatedDecision'}
            CapFill:
              type: object
              required: [firstFullAt, fullWindows]
              properties:
                firstFullAt: {$ref: '#/components/schemas/NullableTime'}
                fullWindows: {type: integer}
            Placement:
              type: object
              required: [outcome, workspaceId]
              properties:
                outcome: {type: string, enum: [routed, unmatched, fallback, retry, waiting]}
                workspaceId: {$ref: '#/components/schemas/NullableId'}
            SimulatedDecision:
              type: object
              required: [outcome, workspaceId, ruleId, ruleName, reason]
              properties:
                outcome: {type: string, enum: [routed, unmatched, fallback, retry, waiting]}
                workspaceId: {$ref: '#/components/schemas/NullableId'}
                ruleId: {$ref: '#/components/schemas/NullableId'}
                ruleName: {type: [string, 'null']}
                reason: {type: string}
        """#
}
