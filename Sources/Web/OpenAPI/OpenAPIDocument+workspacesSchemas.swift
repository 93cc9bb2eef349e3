extension OpenAPIDocument {
    /// Schemas of workspaces, their capacity, their people and their agreements.
    static let workspacesSchemas = #"""
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
        """#
}
