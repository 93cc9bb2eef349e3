extension OpenAPIDocument {
    /// The schemas, first half.
    static let schemas = #"""
            RoutingSums:
              type: object
              description: Leads by what became of them; those that came in are all routed.
              required: [routed, returned, averageLatencySeconds, latency]
              properties:
                routed: {type: integer}
                unmatched: {type: integer}
                duplicates: {type: integer}
                retried: {type: integer}
                failed: {type: integer}
                expired: {type: integer}
                waited: {type: integer, description: Those that began to wait for capacity.}
                returned: {type: integer, description: Those that their destination gave back.}
                averageLatencySeconds:
                  type: [number, 'null']
                  description: Of the routed ones, from creation to decision.
                latency:
                  type: array
                  items:
                    type: object
                    required: [upToSeconds, count]
                    properties:
                      upToSeconds: {type: [number, 'null'], description: 'null: longer than all others.'}
                      count: {type: integer}
            Id:
              type: string
              format: uuid
              examples: [0190f7c4-9d3e-7c55-8b1e-2f6a4d1c9e07]
            NullableId:
              type: [string, 'null']
              format: uuid
            Time:
              type: string
              format: date-time
              examples: ['2026-01-31T12:00:00.000001Z']
            NullableTime:
              type: [string, 'null']
              format: date-time
            Status:
              type: string
              enum: [pending, routing, routed, failed, expired]
            Location:
              type: [object, 'null']
              additionalProperties: false
              properties:
                country: {type: [string, 'null'], maxLength: 200, description: ISO code or name., examples: [US]}
                state: {type: [string, 'null'], maxLength: 200, description: Code or name., examples: [CA]}
                city: {type: [string, 'null'], maxLength: 200}
                latitude: {type: [number, 'null'], minimum: -90, maximum: 90, description: With a longitude., examples: [52.52]}
                longitude: {type: [number, 'null'], minimum: -180, maximum: 180, examples: [13.4]}
            Lead:
              description: |
                A lead. At least one of email, phone and company name is needed. Each name is also taken in snake case
                (`first_name`, `company_size`, …). Texts are trimmed; a blank one counts as missing.
              type: object
              additionalProperties: false
              properties:
                email: {type: [string, 'null'], maxLength: 320}
                phone: {type: [string, 'null'], maxLength: 64, description: In any notation; with + and country code outside the USA.}
                firstName: {type: [string, 'null'], maxLength: 200}
                first_name: {type: [string, 'null'], maxLength: 200}
                lastName: {type: [string, 'null'], maxLength: 200}
                last_name: {type: [string, 'null'], maxLength: 200}
                company:
                  description: The company's name, or the company as an object.
                  oneOf:
                    - {type: [string, 'null'], maxLength: 300}
                    - type: object
                      additionalProperties: false
                      properties:
                        name: {type: [string, 'null'], maxLength: 300}
                        industry: {type: [string, 'null'], maxLength: 200}
                        size: {type: [string, number, 'null'], maxLength: 200}
                        revenue: {type: [string, number, 'null'], maxLength: 200}
                companyName: {type: [string, 'null'], maxLength: 300}
                company_name: {type: [string, 'null'], maxLength: 300}
                industry: {type: [string, 'null'], maxLength: 200}
                companySize: {type: [string, number, 'null'], maxLength: 200, examples: [11-50]}
                company_size: {type: [string, number, 'null'], maxLength: 200}
                revenue: {type: [string, number, 'null'], maxLength: 200, examples: [$1M-$10M]}
                location: {$ref: '#/components/schemas/Location'}
                source: {type: [string, 'null'], maxLength: 200}
                sourceId: {type: [string, number, 'null'], maxLength: 200, description: Your own id of the lead.}
                source_id: {type: [string, number, 'null'], maxLength: 200}
                metadata:
                  description: Fields of your own, up to 16 KiB.
                  type: [object, 'null']
                workspaceId: {$ref: '#/components/schemas/NullableId'}
                workspace_id: {$ref: '#/components/schemas/NullableId'}
            LeadBatch:
              type: object
              required: [leads]
              additionalProperties: false
              properties:
                leads:
                  type: array
                  minItems: 1
                  maxItems: 1000
                  items: {$ref: '#/components/schemas/Lead'}
                workspaceId:
                  description: The workspace of all leads that name none.
                  $ref: '#/components/schemas/NullableId'
            Outcome:
              type: object
              required: [id, status, destinationWorkspaceId, matchedRuleId, matchedRuleName, reason, isDuplicate, duplicateLeadId]
              properties:
                id: {$ref: '#/components/schemas/Id'}
                status: {$ref: '#/components/schemas/Status'}
                destinationWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                matchedRuleId: {$ref: '#/components/schemas/NullableId'}
                matchedRuleName: {type: [string, 'null']}
                reason: {type: string, description: 'Why, in one sentence.'}
                isDuplicate: {type: boolean, description: Whether somebody had sent the same lead before.}
                duplicateLeadId:
                  description: The lead that came first, if the key may see it.
                  $ref: '#/components/schemas/NullableId'
            BatchResult:
              type: object
              required: [results, summary]
              properties:
                results:
                  type: array
                  items:
                    type: object
                    required: [index, code]
                    properties:
                      index: {type: integer, description: 'The place in leads, from 0.'}
                      code: {type: integer, description: 'The status that the lead would have been answered with alone: 201 if it is stored.'}
                      lead: {$ref: '#/components/schemas/Outcome'}
                      problem: {$ref: '#/components/schemas/Problem'}
                summary:
                  type: object
                  required: [received, accepted, rejected, routed, pending, duplicates]
                  properties:
                    received: {type: integer}
                    accepted: {type: integer}
                    rejected: {type: integer}
                    routed: {type: integer}
                    pending: {type: integer}
                    duplicates: {type: integer}
            LeadFields:
              type: object
              properties:
                email: {type: [string, 'null']}
                phone: {type: [string, 'null']}
                firstName: {type: [string, 'null']}
                lastName: {type: [string, 'null']}
                companyName: {type: [string, 'null']}
                industry: {type: [string, 'null']}
                companySize: {type: [string, 'null']}
                revenue: {type: [string, 'null']}
                location: {$ref: '#/components/schemas/Location'}
                source: {type: [string, 'null']}
                sourceId: {type: [string, 'null']}
                metadata: {type: [object, 'null']}
            DecodedLead:
              allOf:
                - $ref: '#/components/schemas/LeadFields'
                - type: object
                  required: [workspaceId]
                  properties:
                    workspaceId: {$ref: '#/components/schemas/Id'}
            StoredLead:
              allOf:
                - $ref: '#/components/schemas/LeadFields'
                - type: object
                  required: [id, status, workspaceId, sourceWorkspaceId, isDuplicate, attempts, createdAt]
                  properties:
                    id: {$ref: '#/components/schemas/Id'}
                    status: {$ref: '#/components/schemas/Status'}
                    workspaceId: {$ref: '#/components/schemas/NullableId'}
                    sourceWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                    matchedRuleId: {$ref: '#/components/schemas/NullableId'}
                    matchedRuleName: {type: [string, 'null']}
                    assigneeId: {$ref: '#/components/schemas/NullableId'}
                    assigneeName: {type: [string, 'null']}
                    isDuplicate: {type: boolean}
                    duplicateLeadId: {$ref: '#/components/schemas/NullableId'}
                    attempts: {type: integer}
                    error: {type: [string, 'null']}
                    createdAt: {$ref: '#/components/schemas/Time'}
                    updatedAt: {$ref: '#/components/schemas/NullableTime'}
                    routedAt: {$ref: '#/components/schemas/NullableTime'}
                    expiresAt: {$ref: '#/components/schemas/NullableTime'}
            LeadEvent:
              type: object
              required: [result, createdAt]
              properties:
                result: {type: string, examples: [success, unmatched, fallback, duplicate, retry, failed, expired, released, requeued, waiting, returned]}
                reason: {type: [string, 'null']}
                errorMessage: {type: [string, 'null']}
                sourceWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                destinationWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                matchedRuleId: {$ref: '#/components/schemas/NullableId'}
                attempt: {type: [integer, 'null']}
                ruleSetVersion: {type: [integer, 'null']}
                actor: {type: [string, 'null']}
                createdAt: {$ref: '#/components/schemas/Time'}
            Conditions:
              description: |
                Any value within a list, all lists that are not empty; compared without case. A lead that lacks an attribute
                does not match a list that asks for it. Camel case is taken as well; the answer is in snake case.
              type: object
              additionalProperties: false
              properties:
                industries: {$ref: '#/components/schemas/Values'}
                company_sizes: {$ref: '#/components/schemas/Values'}
                companySizes: {$ref: '#/components/schemas/Values'}
                revenue_ranges: {$ref: '#/components/schemas/Values'}
                revenueRanges: {$ref: '#/components/schemas/Values'}
                countries: {$ref: '#/components/schemas/Values'}
                us_states: {$ref: '#/components/schemas/Values'}
                usStates: {$ref: '#/components/schemas/Values'}
                regions: {$ref: '#/components/schemas/Values'}
                where: {$ref: '#/components/schemas/Condition'}
            Condition:
              description: |
                A tree of comparisons that has to hold beside the lists; at most 16 deep and of 1,000 parts. Fields, operators
                and what goes with what are in the manual under Rules; a fault is named by its place, such as
                `/conditions/where/all/1/value`.
              oneOf:
                - type: object
                  required: [all]
                  additionalProperties: false
                  properties:
                    all: {type: array, minItems: 1, items: {$ref: '#/components/schemas/Condition'}}
                - type: object
                  required: [any]
                  additionalProperties: false
                  properties:
                    any: {type: array, minItems: 1, items: {$ref: '#/components/schemas/Condition'}}
                - type: object
                  required: [not]
                  additionalProperties: false
                  properties:
                    not: {$ref: '#/components/schemas/Condition'}
                - type: object
                  required: [field, op]
                  additionalProperties: false
                  properties:
                    field:
                      type: string
                      description: |
                        `email`, `email_domain`, `phone`, `phone_country`, `first_name`, `last_name`, `company`, `industry`,
                        `company_size`, `revenue`, `country`, `us_state`, `state`, `region`, `city`, `location`, `source`,
                        `source_id`, `score`, or `metadata.PATH`.
                      examples: [company_size, metadata.utm.source]
                    op:
                      type: string
                      enum: [equals, not_equals, one_of, not_one_of, contains, starts_with, ends_with, matches, less_than, at_most, greater_than, at_least, between, overlaps, exists, missing, is_free_mail, within]
                    value:
                      description: What the operator compares with; none for `exists` and `missing`.
                      examples: [50]
            Values:
              type: array
              maxItems: 1000
              items: {type: string, minLength: 1, maxLength: 200}
            ChosenId:
              description: |
                An id of your own choice, so that you can repeat the request when you do not know what became of it: the same
                content under the same id is made once, and answered alike; another content is refused with 409. Left out, the
                server chooses one.
              type: string
              format: uuid
            NewRule:
              type: object
              required: [name]
              additionalProperties: false
              properties:
                id: {$ref: '#/components/schemas/ChosenId'}
                name: {type: string, minLength: 1, maxLength: 200}
                priority: {type: integer, format: int32, default: 0, description: Higher is tried first.}
                isActive: {type: boolean, default: true}
                conditions: {$ref: '#/components/schemas/Conditions'}
                destinationWorkspaceId: {$ref: '#/components/schemas/Id'}
                distribution: {$ref: '#/components/schemas/Distribution'}
                workspaceId:
                  description: Whose leads it routes; null for everybody's.
                  $ref: '#/components/schemas/NullableId'
            RuleChange:
              type: object
              additionalProperties: false
              properties:
                name: {type: string, minLength: 1, maxLength: 200}
                priority: {type: integer, format: int32}
                isActive: {type: boolean}
                conditions: {$ref: '#/components/schemas/Conditions'}
                destinationWorkspaceId: {$ref: '#/components/schemas/Id'}
                distribution: {$ref: '#/components/schemas/Distribution'}
            Rule:
              type: object
              required: [id, workspaceId, name, priority, isActive, conditions, destinationWorkspaceId, distribution, createdAt, updatedAt]
              properties:
                id: {$ref: '#/components/schemas/Id'}
                workspaceId: {$ref: '#/components/schemas/NullableId'}
                name: {type: string}
                priority: {type: integer, format: int32}
                isActive: {type: boolean}
                conditions: {$ref: '#/components/schemas/Conditions'}
                destinationWorkspaceId: {$ref: '#/components/schemas/Id'}
                distribution: {$ref: '#/components/schemas/Distribution'}
                createdAt: {$ref: '#/components/schemas/Time'}
                updatedAt: {$ref: '#/components/schemas/NullableTime'}
            SavedRule:
              allOf:
                - $ref: '#/components/schemas/Rule'
                - type: object
                  required: [warnings]
                  properties:
                    warnings:
                      description: What lint says about this rule; it is saved all the same.
                      type: array
                      items: {$ref: '#/components/schemas/Finding'}
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
              required: [leadId, status, workspaceId, summary, since, isDuplicate, duplicateLeadId, decision, reproduced, cause, note, ruleSet, lead, rules, counts, capacity, decisions]
              properties:
                leadId: {$ref: '#/components/schemas/Id'}
                status: {type: string, enum: [pending, routing, routed, failed, expired]}
                workspaceId: {$ref: '#/components/schemas/NullableId'}
                summary: {type: string, description: What happened.}
                since: {type: [string, 'null'], description: 'What became of it after the decision, if the log says so.'}
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
                  enum: [lead-changed, version-not-kept, state-not-kept, decided-elsewhere, unknown, null]
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
        """#
}
