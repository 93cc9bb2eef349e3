extension OpenAPIDocument {
    /// Schemas of leads, and of what became of them.
    static let leadsSchemas = #"""
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
                    erasedAt:
                      description: When the person was erased.
                      $ref: '#/components/schemas/NullableTime'
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
        """#
}
