extension OpenAPIDocument {
    /// Schemas of rule sets as a whole.
    static let ruleSetsSchemas = #"""
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
        """#
}
