extension OpenAPIDocument {
    /// Schemas of rules and their conditions.
    static let rulesSchemas = #"""
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
        """#
}
