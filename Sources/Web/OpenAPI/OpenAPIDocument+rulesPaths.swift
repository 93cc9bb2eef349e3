extension OpenAPIDocument {
    /// Rules, their lint, their simulation, and rule sets.
    static let rulesPaths = #"""
          /api/rules:
            get:
              tags: [rules]
              operationId: listRules
              summary: Rules in the order in which they are tried.
              description: Scope `rules:read`.
              parameters:
                - {name: workspaceId, in: query, description: Only the rules of this workspace., schema: {$ref: '#/components/schemas/Id'}}
                - $ref: '#/components/parameters/RequestId'
              responses:
                '200':
                  description: The rules that the key may see.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [rules]
                        properties:
                          rules:
                            type: array
                            items: {$ref: '#/components/schemas/Rule'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            post:
              tags: [rules]
              operationId: createRule
              summary: Create a rule.
              description: |
                Scope `rules:write`. Decisions follow it as soon as this is answered. The key of a workspace makes rules of that
                workspace; an administrator's key makes one of the platform unless it sends `workspaceId`.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/NewRule'}
              responses:
                '201':
                  description: The rule.
                  headers:
                    Location:
                      description: The path of the rule.
                      schema: {type: string}
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/SavedRule'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rules/lint:
            get:
              tags: [rules]
              operationId: lintRules
              summary: What is wrong with the rules, without a single lead.
              description: |
                Scope `rules:read`. Rules that can never match, are shadowed by earlier ones, duplicate others, tie, point to
                a workspace that cannot take leads, or cannot be read; and combinations of state and company size that no rule
                takes. The key of a workspace is told about that workspace's rules. Plain text with `Accept: text/plain`.
              parameters:
                - {name: workspaceId, in: query, description: Only the rules of this workspace., schema: {$ref: '#/components/schemas/Id'}}
                - $ref: '#/components/parameters/RequestId'
              responses:
                '200':
                  description: The findings.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/LintReport'}
                    text/plain:
                      schema: {type: string}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rules/simulate:
            post:
              tags: [rules]
              operationId: simulateRules
              summary: What would become of leads under other rules.
              description: |
                Scopes `rules:read` and `leads:read`. Leads of the last days, or those that are sent, are decided under the rules in
                force and under a draft, in simulated time: windows of caps turn, and leads that wait move when there is room. Nothing
                is written and no counter moves. A file of leads may be the body, with the rest in the query. The key of a workspace simulates its own rules
                over the leads that it sent; an administrator's key the platform's rules over everybody's leads, unless it names
                a workspace. One simulation at a time on a node. Plain text with `Accept: text/plain`.
              parameters:
                - $ref: '#/components/parameters/RequestId'
                - {name: workspaceId, in: query, description: With a file. Whose rules and leads., schema: {$ref: '#/components/schemas/Id'}}
                - {name: draft, in: query, description: With a file., schema: {type: string, enum: [stored, published], default: stored}}
                - {name: version, in: query, description: With a file. The rules as they stood at this version., schema: {type: integer}}
                - {name: counters, in: query, description: With a file., schema: {type: string, enum: [live, empty], default: live}}
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/SimulationRequest'}
                  text/csv:
                    schema: {type: string, description: Leads as `switchyard import` reads them.}
                  application/x-ndjson:
                    schema: {type: string, description: A lead of JSON a line.}
              responses:
                '200':
                  description: What would become of them.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/SimulationReport'}
                    text/plain:
                      schema: {type: string}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rules/{id}:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [rules]
              operationId: getRule
              summary: One rule.
              description: Scope `rules:read`.
              responses:
                '200':
                  description: The rule.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Rule'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            patch:
              tags: [rules]
              operationId: changeRule
              summary: Change a rule.
              description: Scope `rules:write`. Fields that are left out stay as they are; `conditions` is replaced as a whole.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/RuleChange'}
              responses:
                '200':
                  description: The rule as it is now.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/SavedRule'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            delete:
              tags: [rules]
              operationId: deleteRule
              summary: Delete a rule.
              description: Scope `rules:write`. Leads that it matched stay where they are.
              responses:
                '204': {description: It is gone.}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rule-sets/{owner}:
            parameters:
              - $ref: '#/components/parameters/RuleSetOwner'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [rules]
              operationId: getRuleSet
              summary: The rules and golden leads of an owner, as they are.
              description: Scope `rules:read`. The owner is a workspace's id, or `platform`; a workspace's key sees its own.
              responses:
                '200':
                  description: The rule set.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/RuleSet'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rule-sets/{owner}/versions:
            parameters:
              - $ref: '#/components/parameters/RuleSetOwner'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [rules]
              operationId: listRuleSetVersions
              summary: The history of an owner's rules, newest first.
              description: Scope `rules:read`. Who made which version, when and how, and how many rules it touched.
              parameters:
                - name: limit
                  in: query
                  description: How many at most.
                  schema: {type: integer, minimum: 1, maximum: 200, default: 50}
                - name: before
                  in: query
                  description: Only versions before this one.
                  schema: {type: integer}
              responses:
                '200':
                  description: The versions.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/RuleSetVersions'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rule-sets/{owner}/versions/{version}:
            parameters:
              - $ref: '#/components/parameters/RuleSetOwner'
              - name: version
                in: path
                required: true
                schema: {type: integer, format: int64}
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [rules]
              operationId: getRuleSetVersion
              summary: The rules and golden leads of an owner, as they were at a version.
              description: Scope `rules:read`.
              responses:
                '200':
                  description: The rule set as it was.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/RuleSet'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rule-sets/{owner}/diff:
            parameters:
              - $ref: '#/components/parameters/RuleSetOwner'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [rules]
              operationId: diffRuleSets
              summary: What differs between two states of an owner's rules.
              description: Scope `rules:read`. Rule by rule, and field by field.
              parameters:
                - name: from
                  in: query
                  description: live, draft, or the number of a version.
                  schema: {type: string, default: live}
                - name: to
                  in: query
                  description: live, draft, or the number of a version.
                  schema: {type: string, default: draft}
              responses:
                '200':
                  description: The difference.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/RuleSetDifference'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rule-sets/{owner}/draft:
            parameters:
              - $ref: '#/components/parameters/RuleSetOwner'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [rules]
              operationId: getDraft
              summary: The draft of an owner's rules.
              description: Scope `rules:read`.
              responses:
                '200':
                  description: The draft.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/RuleSet'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            put:
              tags: [rules]
              operationId: saveDraft
              summary: Save a draft in the place of the one before.
              description: |
                Scope `rules:write`. The whole document, as `GET /api/rule-sets/{owner}` gives it; up to 8 MiB. Its `version` says what
                it was made from: if the rules have moved by the time it is published, the publication is refused. Workspaces are named
                by id, or by name where only one has it. Rules are matched by id, or else by name; others are new.
              parameters:
                - name: check
                  in: query
                  description: Refuse it also for what would keep it from being published, golden leads among it.
                  schema: {type: boolean, default: false}
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/RuleSet'}
              responses:
                '200':
                  description: The draft as it is saved.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/RuleSet'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            delete:
              tags: [rules]
              operationId: deleteDraft
              summary: Throw the draft away.
              description: Scope `rules:write`.
              responses:
                '204': {description: It is gone.}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rule-sets/{owner}/publish:
            parameters:
              - $ref: '#/components/parameters/RuleSetOwner'
              - $ref: '#/components/parameters/RequestId'
            post:
              tags: [rules]
              operationId: publishDraft
              summary: Make the draft the owner's rules.
              description: |
                Scope `rules:write`. All of it or nothing, in one version, followed by every node at once. 409 if the rules have moved
                since the draft was made; 422 with one entry for each golden lead that goes elsewhere, saying what was expected, what
                happens and why.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Publish'}
              responses:
                '200':
                  description: What it has changed.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Publication'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/rule-sets/{owner}/return:
            parameters:
              - $ref: '#/components/parameters/RuleSetOwner'
              - $ref: '#/components/parameters/RequestId'
            post:
              tags: [rules]
              operationId: returnRuleSet
              summary: Go back to an earlier version.
              description: |
                Scope `rules:write`. Makes a new version in which the owner's rules and golden leads are what they were then, under their
                old ids. Golden leads are not asked.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Return'}
              responses:
                '200':
                  description: What it has changed.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Publication'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
        """#
}
