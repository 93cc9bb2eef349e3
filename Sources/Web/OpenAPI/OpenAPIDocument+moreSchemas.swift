extension OpenAPIDocument {
    /// The schemas, second half.
    static let moreSchemas = #"""
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
            RuleSet:
              type: object
              additionalProperties: false
              properties:
                version:
                  type: [integer, 'null']
                  format: int64
                  description: The version of the owner's rules that this is, or that a draft was made from.
                updatedAt: {$ref: '#/components/schemas/Time'}
                updatedBy: {type: string, description: Who saved the draft.}
                rules:
                  type: array
                  items:
                    type: object
                    required: [name]
                    additionalProperties: false
                    properties:
                      id: {$ref: '#/components/schemas/Id'}
                      name: {type: string, minLength: 1, maxLength: 200}
                      priority: {type: integer, format: int32, default: 0, description: Higher is tried first.}
                      isActive: {type: boolean, default: true}
                      conditions: {$ref: '#/components/schemas/Conditions'}
                      destination: {type: string, description: 'A workspace by id, or by its name; may be left out with a pool.'}
                      distribution: {type: object, description: How its leads are handed out; see rules.}
                goldenLeads:
                  type: array
                  description: Examples that have to go where they are expected to go, or nothing is published.
                  items:
                    type: object
                    required: [name, lead, expect]
                    additionalProperties: false
                    properties:
                      id: {$ref: '#/components/schemas/Id'}
                      name: {type: string, minLength: 1, maxLength: 200}
                      source: {type: string, description: The workspace that sends the lead; the owner unless it is said.}
                      lead: {type: object, description: 'The fields of a lead, as POST /api/leads takes them.'}
                      expect:
                        type: object
                        description: At least one of the three.
                        additionalProperties: false
                        properties:
                          outcome: {type: string, enum: [routed, unmatched, fallback, retry]}
                          destination: {type: string, description: A workspace by id, or by its name.}
                          rule: {type: string, description: The name of the rule.}
            RuleSetVersions:
              type: object
              required: [versions]
              properties:
                versions:
                  type: array
                  items:
                    type: object
                    required: [version, changedAt, actor, action, note, rules, added, changed, removed]
                    properties:
                      version: {type: integer, format: int64}
                      changedAt: {$ref: '#/components/schemas/Time'}
                      actor: {type: string, description: 'A key, `command line`, or a user of the database.'}
                      action: {type: string, enum: [edit, publish, return, auto-rollback, sql]}
                      note: {type: [string, 'null']}
                      rules: {type: integer, description: How many rules there are since.}
                      added: {type: integer}
                      changed: {type: integer}
                      removed: {type: integer}
            RuleSetDifference:
              type: object
              required: [rules, goldenLeads]
              properties:
                rules: {$ref: '#/components/schemas/ListDifference'}
                goldenLeads: {$ref: '#/components/schemas/ListDifference'}
            ListDifference:
              type: object
              required: [added, removed, changed]
              properties:
                added: {type: array, items: {type: object}}
                removed: {type: array, items: {type: object}}
                changed:
                  type: array
                  items:
                    type: object
                    required: [id, name, fields]
                    properties:
                      id: {$ref: '#/components/schemas/NullableId'}
                      name: {type: string}
                      fields:
                        type: array
                        items:
                          type: object
                          required: [path, before, after]
                          properties:
                            path: {type: string, description: A JSON pointer into the rule.}
                            before: {}
                            after: {}
            Publish:
              type: object
              additionalProperties: false
              properties:
                note: {type: [string, 'null'], maxLength: 1000}
                expectedVersion: {type: [integer, 'null'], format: int64, description: The version that is believed to be live.}
            Return:
              type: object
              required: [version]
              additionalProperties: false
              properties:
                version: {type: integer, format: int64}
                note: {type: [string, 'null'], maxLength: 1000}
            Publication:
              type: object
              required: [version, added, changed, removed]
              properties:
                version: {type: integer, format: int64, description: The version that is live now.}
                added: {type: integer}
                changed: {type: integer}
                removed: {type: integer}
            NewWorkspace:
              type: object
              required: [name]
              additionalProperties: false
              properties:
                id: {$ref: '#/components/schemas/ChosenId'}
                name: {type: string, minLength: 1, maxLength: 200}
                type: {type: string, enum: [partner, platform], default: partner}
                isActive: {type: boolean, default: true}
                isPaused: {type: boolean, default: false, description: A paused workspace takes no leads for now.}
                unmatchedPolicy: {$ref: '#/components/schemas/UnmatchedPolicy'}
                fallbackWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                capacity: {$ref: '#/components/schemas/Capacity'}
            WorkspaceChange:
              type: object
              additionalProperties: false
              properties:
                name: {type: string, minLength: 1, maxLength: 200}
                type: {type: string, enum: [partner, platform]}
                isActive: {type: boolean}
                isPaused: {type: boolean}
                unmatchedPolicy: {$ref: '#/components/schemas/UnmatchedPolicy'}
                fallbackWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                capacity: {$ref: '#/components/schemas/Capacity'}
            Caps:
              description: At most so many leads in each window of a period; one for each period at most.
              type: array
              items:
                type: object
                required: [per, limit]
                additionalProperties: false
                properties:
                  per: {type: string, enum: [hour, day, week, month, total]}
                  limit: {type: integer, minimum: 0, maximum: 1000000000}
            Distribution:
              description: |
                How a rule hands out its leads; null for its one destination at any time. With a pool, `destinationWorkspaceId` is the
                pool's first member. Caps count by the calendar of the owner's time zone, those of members by the member's.
              type: [object, 'null']
              additionalProperties: false
              properties:
                pool:
                  type: object
                  required: [method, members]
                  additionalProperties: false
                  properties:
                    method: {type: string, enum: [in_order, round_robin, weighted, least_loaded, sticky]}
                    stickyBy: {type: string, enum: [company, email_domain]}
                    otherwise: {type: string, enum: [in_order, round_robin, weighted, least_loaded], default: weighted}
                    per: {type: string, enum: [hour, day, week, month, total], default: day, description: What least loaded counts in.}
                    members:
                      type: array
                      minItems: 1
                      maxItems: 100
                      items:
                        type: object
                        required: [workspaceId]
                        additionalProperties: false
                        properties:
                          workspaceId: {$ref: '#/components/schemas/Id'}
                          weight: {type: integer, minimum: 1, maximum: 1000, default: 1}
                          caps: {$ref: '#/components/schemas/Caps'}
                          paused: {type: boolean, default: false}
                caps: {$ref: '#/components/schemas/Caps'}
                whenFull:
                  description: Whether the next rule is tried while nobody can take a lead, or the lead waits.
                  type: string
                  enum: [next_rule, wait]
                  default: next_rule
            Capacity:
              description: How many leads a workspace takes, when, and which; null for all at any time.
              type: [object, 'null']
              additionalProperties: false
              properties:
                timeZone: {type: string, default: UTC, description: A name of the IANA database.}
                caps: {$ref: '#/components/schemas/Caps'}
                hours:
                  description: Ranges of local time for each day, sun to sat; a day without any is closed.
                  type: object
                  additionalProperties:
                    type: array
                    items: {type: array, items: {type: string}, minItems: 2, maxItems: 2}
                holidays: {type: array, items: {type: string, format: date}, description: Closed all day.}
                minimumScore: {type: number, description: Leads need at least this score in their metadata.}
            NewAssignee:
              type: object
              required: [name]
              additionalProperties: false
              properties:
                id: {$ref: '#/components/schemas/ChosenId'}
                name: {type: string, minLength: 1, maxLength: 200}
                weight: {type: integer, minimum: 1, maximum: 1000, default: 1}
                caps: {$ref: '#/components/schemas/Caps'}
                absentFrom: {$ref: '#/components/schemas/NullableTime'}
                absentUntil: {$ref: '#/components/schemas/NullableTime'}
                isActive: {type: boolean, default: true}
            AssigneeChange:
              type: object
              additionalProperties: false
              properties:
                name: {type: string, minLength: 1, maxLength: 200}
                weight: {type: integer, minimum: 1, maximum: 1000, default: 1}
                caps: {$ref: '#/components/schemas/Caps'}
                absentFrom: {$ref: '#/components/schemas/NullableTime'}
                absentUntil: {$ref: '#/components/schemas/NullableTime'}
                isActive: {type: boolean, default: true}
            Assignee:
              type: object
              required: [id, workspaceId, name, weight, caps, absentFrom, absentUntil, isActive]
              properties:
                id: {$ref: '#/components/schemas/Id'}
                workspaceId: {$ref: '#/components/schemas/Id'}
                name: {type: string}
                weight: {type: integer}
                caps: {$ref: '#/components/schemas/Caps'}
                absentFrom: {$ref: '#/components/schemas/NullableTime'}
                absentUntil: {$ref: '#/components/schemas/NullableTime'}
                isActive: {type: boolean}
            UnmatchedPolicy:
              description: |
                What becomes of a lead that no rule matches: it stays in its source workspace, goes to `fallbackWorkspaceId`, or
                is tried again later.
              type: string
              enum: [keep, fallback, retry]
            Workspace:
              type: object
              required: [id, name, type, isActive, isPaused, unmatchedPolicy, fallbackWorkspaceId, capacity, createdAt, updatedAt]
              properties:
                id: {$ref: '#/components/schemas/Id'}
                name: {type: string}
                type: {type: string}
                isActive: {type: boolean}
                isPaused: {type: boolean}
                unmatchedPolicy: {$ref: '#/components/schemas/UnmatchedPolicy'}
                fallbackWorkspaceId: {$ref: '#/components/schemas/NullableId'}
                capacity: {$ref: '#/components/schemas/Capacity'}
                createdAt: {$ref: '#/components/schemas/Time'}
                updatedAt: {$ref: '#/components/schemas/NullableTime'}
            Agreement:
              type: object
              required: [receivingWorkspaceId, sendingWorkspaceId, createdAt]
              properties:
                receivingWorkspaceId: {$ref: '#/components/schemas/Id'}
                sendingWorkspaceId: {$ref: '#/components/schemas/Id'}
                createdAt: {$ref: '#/components/schemas/Time'}
            HealthStatus:
              type: string
              enum: [healthy, degraded, unhealthy]
            Health:
              type: object
              required: [status, routing, reasons, version]
              properties:
                status: {$ref: '#/components/schemas/HealthStatus'}
                routing:
                  type: object
                  required: [status, pendingCount, routingCount, failedCount, retryQueueCount, staleLockCount, expiredCount, successRate, oldestPendingSeconds, waitingForCapacity]
                  properties:
                    status: {$ref: '#/components/schemas/HealthStatus'}
                    pendingCount: {type: integer, description: Leads that wait.}
                    routingCount: {type: integer, description: Leads that somebody holds by a written lock.}
                    failedCount: {type: integer, description: Leads that have failed for good.}
                    retryQueueCount: {type: integer, description: Rows of the retry queue.}
                    staleLockCount: {type: integer, description: Locks older than five minutes.}
                    expiredCount: {type: integer, description: Leads that expired within the last hour.}
                    successRate: {type: [number, 'null'], description: 'The share of the last hour''s attempts that went well, 0 to 1.'}
                    oldestPendingSeconds: {type: [number, 'null'], description: How long the oldest due lead has been waiting.}
                    waitingForCapacity: {type: integer, description: Leads whose destinations are full or closed; among pendingCount.}
                reasons: {type: array, items: {type: string}}
                version: {type: string}
            Problem:
              description: RFC 9457.
              type: object
              required: [type, title, status, detail]
              properties:
                type: {type: string, examples: ['urn:switchyard:problem:invalid']}
                title: {type: string}
                status: {type: integer}
                detail: {type: string, description: What is wrong this time.}
                remedy: {type: string, description: What to do about it.}
                errors:
                  type: array
                  items:
                    type: object
                    required: [field, message]
                    properties:
                      field: {type: string, description: 'A JSON pointer into the body, or the name of a parameter.', examples: [/leads/3/email]}
                      message: {type: string}
                      remedy: {type: string}
                position:
                  description: Where the JSON goes wrong.
                  type: object
                  required: [line, column, offset]
                  properties:
                    line: {type: integer}
                    column: {type: integer}
                    offset: {type: integer}
                requestId: {type: string}
          responses:
            Problem:
              description: Any other problem, such as 405 for another method.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Malformed:
              description: The body is not JSON; `position` says where.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Unauthenticated:
              description: No key, or one that is unknown, expired or revoked.
              headers: {WWW-Authenticate: {description: The scheme to use., schema: {type: string}}}
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Forbidden:
              description: The key lacks a scope, which is named, or may not do this.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            NotFound:
              description: There is none, or none that the key may see.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Timeout:
              description: The body did not arrive in time.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Conflict:
              description: Not possible in the present state; `remedy` says what would make it so.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            TooLarge:
              description: 'The body is larger than 8 MiB (leads) or 64 KiB (all else).'
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            UnsupportedMediaType:
              description: The body is not application/json in UTF-8.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Invalid:
              description: Values that are not valid; `errors` names every field at fault.
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
            Unavailable:
              description: More leads wait than the server keeps, the database cannot be reached, or the server is stopping.
              headers: {Retry-After: {description: Seconds., schema: {type: integer}}}
              content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
        """#
}
