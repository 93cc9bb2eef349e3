/// The description of the HTTP API, as `GET /openapi.yaml` serves it.
///
/// Written by hand and kept true by tests that compare it with the routes: OpenAPI 3.1, checked with
/// openapi-spec-validator. It is inside the binary so that it always describes the server that serves it.
enum OpenAPIDocument {
    /// The document.
    static let text = #"""
        openapi: 3.1.0
        info:
          title: Switchyard
          version: 1.0.0
          summary: Lead routing. Each lead ends in exactly one workspace.
          description: |
            Leads come in from partners, are recognised when two partners send the same one, are matched against prioritised
            rules and are assigned to exactly one workspace.

            * Requests and answers are JSON in UTF-8. Times are RFC 3339 in UTC with microseconds, ids are lower-case UUIDs.
            * Every refusal is `application/problem+json` (RFC 9457): it says what is wrong, what to do, and which fields are
              at fault, as JSON pointers. It never repeats what was sent.
            * A field that is not documented is refused. Fields of your own go into `metadata`.
            * Send `X-Request-Id` to find a request in the logs; every answer carries one.
          license:
            name: See the repository
            identifier: LicenseRef-See-Repository
        servers:
          - url: /
        security:
          - apiKey: []
        tags:
          - name: leads
            description: Leads in, and what became of them.
          - name: rules
            description: Which leads go where.
          - name: workspaces
            description: Where leads come from and go to.
          - name: agreements
            description: Who has agreed to receive leads from whom.
          - name: routing
            description: Pauses of routing.
          - name: statistics
            description: Figures of what routing did.
          - name: operation
            description: How the server is doing. No key needed.
        paths:
          /api/leads:
            post:
              tags: [leads]
              operationId: submitLeads
              summary: Send one lead, or up to 1,000.
              description: |
                Scope `leads:write`. The answer goes out after the leads are decided and committed.

                One lead answers 201 with its outcome. A batch answers 200 with one result for each lead, in order: a lead that
                is refused does not stop the others, and its result holds the problem that it would have been answered with
                alone. What is wrong with the body as a whole (not JSON, too many leads, no lead) stops all of it, and nothing
                is stored.

                A lead needs an e-mail address, a phone number or a company name. An administrator's key has to send
                `workspaceId`: whose lead it is; the key of a workspace sends leads of that workspace only.

                A request with an `Idempotency-Key` may be repeated for 24 hours: the repetition gets the first answer and the
                header `Idempotency-Replayed: true`, and stores nothing. The same key with another body is refused (422); while
                the first request is under way, 409. Of a batch, the leads that were not stored the first time are stored then.
              parameters:
                - $ref: '#/components/parameters/RequestId'
                - $ref: '#/components/parameters/IdempotencyKey'
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      oneOf:
                        - $ref: '#/components/schemas/Lead'
                        - $ref: '#/components/schemas/LeadBatch'
                    examples:
                      one:
                        value: {"email": "test1@example.com", "company": "Test 1"}
                      many:
                        value: {"leads": [{"email": "a@example.com"}, {"phone": "+1 415 555 0100", "location": {"country": "US", "state": "CA"}}]}
              responses:
                '201':
                  description: The lead is stored.
                  headers:
                    Location:
                      description: The path of the lead.
                      schema: {type: string}
                    X-Request-Id:
                      $ref: '#/components/headers/RequestId'
                  content:
                    application/json:
                      schema:
                        $ref: '#/components/schemas/Outcome'
                '200':
                  description: A batch was read; each lead has its own result.
                  headers:
                    X-Request-Id:
                      $ref: '#/components/headers/RequestId'
                  content:
                    application/json:
                      schema:
                        $ref: '#/components/schemas/BatchResult'
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '408': {$ref: '#/components/responses/Timeout'}
                '409': {$ref: '#/components/responses/Conflict'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
            get:
              tags: [leads]
              operationId: listLeads
              summary: List leads, newest first.
              description: |
                Scope `leads:read`. The key of a workspace sees the leads that are in it and those that it has sent.
                Ask for the next page with `cursor` = `nextCursor` and the same filters; a lead that arrives meanwhile moves
                no page.
              parameters:
                - {name: status, in: query, schema: {$ref: '#/components/schemas/Status'}}
                - {name: workspaceId, in: query, description: Where the leads are now., schema: {$ref: '#/components/schemas/Id'}}
                - {name: sourceWorkspaceId, in: query, description: Where the leads came from., schema: {$ref: '#/components/schemas/Id'}}
                - {name: matchedRuleId, in: query, schema: {$ref: '#/components/schemas/Id'}}
                - {name: isDuplicate, in: query, schema: {type: boolean}}
                - {name: email, in: query, description: Compared after normalisation., schema: {type: string, maxLength: 400}}
                - {name: phone, in: query, description: Compared after normalisation., schema: {type: string, maxLength: 400}}
                - {name: createdAfter, in: query, description: 'This time or later: RFC 3339, or a date (midnight UTC).', schema: {type: string}}
                - {name: createdBefore, in: query, description: 'Before this time: RFC 3339, or a date (midnight UTC).', schema: {type: string}}
                - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
                - {name: cursor, in: query, description: '`nextCursor` of the page before.', schema: {type: string, maxLength: 400}}
                - $ref: '#/components/parameters/RequestId'
              responses:
                '200':
                  description: A page.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [leads, nextCursor]
                        properties:
                          leads:
                            type: array
                            items: {$ref: '#/components/schemas/StoredLead'}
                          nextCursor:
                            description: Where the next page begins; null when this was the last.
                            type: [string, 'null']
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/leads/route:
            post:
              tags: [leads]
              operationId: routeLead
              summary: Have a waiting lead decided now.
              description: |
                Scope `routing:write`. A lead that is routed already is answered as it stands. One that is failed or expired is
                answered 409 with what to do.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      required: [leadId]
                      additionalProperties: false
                      properties:
                        leadId: {$ref: '#/components/schemas/Id'}
              responses:
                '200':
                  description: How the lead stands now.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Outcome'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
          /api/leads/{id}/return:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            post:
              tags: [leads]
              operationId: returnLead
              summary: Give a lead back.
              description: |
                Scope `leads:write`, with a key of the workspace that has the lead, or an administrator's. Its room is free again in every
                window that is still running, its credit is marked as returned, and the lead is back in its source workspace; with
                `reroute` it is decided again, without those who gave it back. The same call again changes nothing.
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        reason: {type: [string, 'null'], maxLength: 500}
                        reroute: {type: boolean, default: false}
              responses:
                '200':
                  description: It is given back.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [id, returned, rerouted, destinationWorkspaceId]
                        properties:
                          id: {$ref: '#/components/schemas/Id'}
                          returned: {type: boolean}
                          rerouted: {type: boolean, description: Whether somebody else has it now.}
                          destinationWorkspaceId:
                            description: Who, for administrators.
                            $ref: '#/components/schemas/NullableId'
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/workspaces/{id}/capacity:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [workspaces]
              operationId: getCapacity
              summary: How much of a workspace's capacity is used now.
              description: Scope `workspaces:read`.
              responses:
                '200':
                  description: Its caps as they stand, and whether it is open.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [timeZone, isOpen, opensAt, caps]
                        properties:
                          timeZone: {type: string}
                          isOpen: {type: boolean}
                          opensAt: {type: [string, 'null'], description: By its own clock.}
                          caps:
                            type: array
                            items:
                              type: object
                              required: [per, limit, used, endsAt]
                              properties:
                                per: {type: string, enum: [hour, day, week, month, total]}
                                limit: {type: integer}
                                used: {type: integer}
                                endsAt: {$ref: '#/components/schemas/NullableTime'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/workspaces/{id}/assignees:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [workspaces]
              operationId: listAssignees
              summary: The people of a workspace, by name.
              description: Scope `workspaces:read`.
              responses:
                '200':
                  description: To whom its leads are given in turns.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [assignees]
                        properties:
                          assignees:
                            type: array
                            items: {$ref: '#/components/schemas/Assignee'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            post:
              tags: [workspaces]
              operationId: createAssignee
              summary: Add a person to a workspace.
              description: Scope `workspaces:write`.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/NewAssignee'}
              responses:
                '201':
                  description: The person, who starts level with the others.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Assignee'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/workspaces/{id}/assignees/{assigneeId}:
            parameters:
              - $ref: '#/components/parameters/Id'
              - {name: assigneeId, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
              - $ref: '#/components/parameters/RequestId'
            patch:
              tags: [workspaces]
              operationId: changeAssignee
              summary: Change a person; turns and what was counted stay.
              description: Scope `workspaces:write`.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/AssigneeChange'}
              responses:
                '200':
                  description: The person.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Assignee'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            delete:
              tags: [workspaces]
              operationId: deleteAssignee
              summary: Remove a person; leads keep the id.
              description: Scope `workspaces:write`.
              responses:
                '204': {description: Removed.}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/leads/{id}/retry:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            post:
              tags: [leads]
              operationId: retryLead
              summary: Put a failed lead back into the queue.
              description: |
                Scope `routing:write`. Its attempts begin anew; who asked is kept in its history.
              responses:
                '202':
                  description: It waits for its next attempt.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [id, status]
                        properties:
                          id: {$ref: '#/components/schemas/Id'}
                          status: {$ref: '#/components/schemas/Status'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
          /api/retry:
            post:
              tags: [leads]
              operationId: retryLeads
              summary: Put failed leads back into the queue.
              description: |
                Scope `routing:write`. The newest failed leads that the filter lets through, up to `limit`; call it again
                while `hasMore` is true.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        filter:
                          type: object
                          additionalProperties: false
                          properties:
                            workspaceId: {$ref: '#/components/schemas/Id'}
                            sourceWorkspaceId: {$ref: '#/components/schemas/Id'}
                            createdAfter: {type: string, description: 'This time or later: RFC 3339, or a date.'}
                            createdBefore: {type: string, description: 'Before this time: RFC 3339, or a date.'}
                        limit: {type: integer, minimum: 1, maximum: 1000, default: 1000}
              responses:
                '202':
                  description: How many wait for their next attempt now.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [requeued, hasMore]
                        properties:
                          requeued: {type: integer}
                          hasMore: {type: boolean}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
          /api/stats:
            get:
              tags: [statistics]
              operationId: getStatistics
              summary: How many leads were routed, per day, workspace, rule, industry, region or partner.
              description: |
                Scope `leads:read`. Days are those of UTC. `out` are leads that a workspace sent, `in` leads that came to
                it; a workspace's key sees its own figures. Sums are kept, so the answer costs little however many leads
                there are; they are a minute old at most, and stay when the log they are made of is dropped.
              parameters:
                - $ref: '#/components/parameters/RequestId'
                - name: from
                  in: query
                  description: The first day; thirty days before the last one by default.
                  schema: {type: string, format: date}
                - name: to
                  in: query
                  description: The last day; today by default.
                  schema: {type: string, format: date}
                - name: by
                  in: query
                  description: What the sums are made for.
                  schema: {type: string, enum: [day, workspace, rule, industry, region, partner], default: day}
                - name: workspaceId
                  in: query
                  description: Only the figures of this workspace.
                  schema: {$ref: '#/components/schemas/Id'}
              responses:
                '200':
                  description: The sums. `key` is empty for leads that lacked what is asked for.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [from, to, by, countedUpTo, groups]
                        properties:
                          from: {type: string, format: date}
                          to: {type: string, format: date}
                          by: {type: string}
                          countedUpTo: {type: [string, 'null'], format: date-time}
                          groups:
                            type: array
                            items:
                              type: object
                              required: [key, out, in]
                              properties:
                                key: {type: string}
                                out: {$ref: '#/components/schemas/RoutingSums'}
                                in: {$ref: '#/components/schemas/RoutingSums'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
          /api/routing/pauses:
            get:
              tags: [routing]
              operationId: listRoutingPauses
              summary: What is paused, since when, by whom and why.
              description: |
                Scope `leads:read`. A workspace's key sees its own pause and that of routing as a whole.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              responses:
                '200':
                  description: The pauses, oldest first.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [pauses]
                        properties:
                          pauses:
                            type: array
                            items:
                              type: object
                              required: [workspaceId, all, since, pausedBy, reason]
                              properties:
                                workspaceId: {type: [string, 'null'], format: uuid}
                                all: {type: boolean}
                                since: {type: string, format: date-time}
                                pausedBy: {type: string}
                                reason: {type: [string, 'null']}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
          /api/routing/pause:
            post:
              tags: [routing]
              operationId: pauseRouting
              summary: Have the leads of one source, or of all, wait.
              description: |
                Scope `routing:write`. Leads are taken in as before, and wait undecided until `POST /api/routing/resume`. A
                workspace's key pauses the routing of its own leads; an administrator names `workspaceId`, or `all`. Who
                asked is kept.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        workspaceId: {$ref: '#/components/schemas/Id'}
                        all: {type: boolean, description: 'Routing as a whole; administrators only.'}
                        reason: {type: [string, 'null'], maxLength: 500}
              responses:
                '200':
                  description: How it stands now, and whether this request changed it.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [workspaceId, all, paused, changed]
                        properties:
                          workspaceId: {type: [string, 'null'], format: uuid}
                          all: {type: boolean}
                          paused: {type: boolean}
                          changed: {type: boolean}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
          /api/routing/resume:
            post:
              tags: [routing]
              operationId: resumeRouting
              summary: End a pause.
              description: |
                Scope `routing:write`. What waits is picked up within a second, oldest due first, each source in its turn.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        workspaceId: {$ref: '#/components/schemas/Id'}
                        all: {type: boolean, description: 'Routing as a whole; administrators only.'}
              responses:
                '200':
                  description: How it stands now, and whether this request changed it.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [workspaceId, all, paused, changed]
                        properties:
                          workspaceId: {type: [string, 'null'], format: uuid}
                          all: {type: boolean}
                          paused: {type: boolean}
                          changed: {type: boolean}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
          /api/leads/decode:
            post:
              tags: [leads]
              operationId: decodeLeads
              summary: Dry decode. Read and check leads, store nothing.
              description: |
                Scope `leads:write`. Takes what `POST /api/leads` takes and answers with the leads as they were understood:
                for trying out an integration, and as the baseline of benchmarks.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      oneOf:
                        - $ref: '#/components/schemas/Lead'
                        - $ref: '#/components/schemas/LeadBatch'
              responses:
                '200':
                  description: The lead, or one result for each lead.
                  content:
                    application/json:
                      schema:
                        oneOf:
                          - $ref: '#/components/schemas/DecodedLead'
                          - type: object
                            required: [results]
                            properties:
                              results:
                                type: array
                                items:
                                  type: object
                                  required: [index, code]
                                  properties:
                                    index: {type: integer}
                                    code: {type: integer}
                                    lead: {$ref: '#/components/schemas/DecodedLead'}
                                    problem: {$ref: '#/components/schemas/Problem'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '413': {$ref: '#/components/responses/TooLarge'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/leads/stream:
            post:
              tags: [leads]
              operationId: streamLeads
              summary: Take in leads as lines of JSON, as many as there are.
              description: |
                Scope `leads:write`. One lead a line, each line at most 64 KiB; blank lines are passed over. Each is answered
                by a line of its own, in order, as soon as it is committed, while more leads may still be sent: on one
                connection, in memory that does not grow. What is wrong with one lead stays with that lead. The last line is
                `{"summary": …}`, with a `problem` if the stream could not be read on; without it the answer was cut short.
                A caller that does not read its answers is not read either. A pause of 30 seconds ends the connection.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/x-ndjson:
                    schema: {type: string}
                    example: |
                      {"email": "ada@example.com", "industry": "Information"}
                      {"phone": "+1 415 555 0100"}
              responses:
                '200':
                  description: One line for each lead, and a last one that sums up.
                  content:
                    application/x-ndjson:
                      schema: {type: string}
                      example: |
                        {"index":0,"code":201,"lead":{"id":"01a20c7f-01cd-76f0-afc6-3524f4df70a1","status":"routed"}}
                        {"summary":{"received":1,"accepted":1,"rejected":0,"routed":1,"pending":0,"duplicates":0}}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                default: {$ref: '#/components/responses/Problem'}
          /api/leads/{id}:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [leads]
              operationId: getLead
              summary: One lead with its history.
              description: Scope `leads:read`.
              responses:
                '200':
                  description: The lead.
                  content:
                    application/json:
                      schema:
                        allOf:
                          - $ref: '#/components/schemas/StoredLead'
                          - type: object
                            required: [history]
                            properties:
                              history:
                                description: Oldest first; what the key may see.
                                type: array
                                items: {$ref: '#/components/schemas/LeadEvent'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/leads/{id}/explain:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [leads]
              operationId: explainLead
              summary: Why a lead is where it is.
              description: |
                Scope `leads:read`; for whoever may see the lead. The decision is made again from what was stored: the rules of
                that time, the lead, caps and turns; `reproduced` says whether it came to the same, `cause` why not. Each rule that
                matched is told, and the nearest twenty that did not, in their order. The key of the workspace that sent the lead
                sees its own rules whole and those of the platform by name and verdict; the key of a workspace that received it
                sees the rule that sent it. Plain text with `Accept: text/plain`.
              parameters:
                - {name: attempt, in: query, description: 'Which of its decisions, from 1, oldest first; the last one unless named.', schema: {type: integer, minimum: 1, maximum: 1000}}
              responses:
                '200':
                  description: The explanation.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Explanation'}
                    text/plain:
                      schema: {type: string}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
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
          /api/workspaces:
            get:
              tags: [workspaces]
              operationId: listWorkspaces
              summary: Workspaces by name.
              description: Scope `workspaces:read`.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              responses:
                '200':
                  description: The workspaces that the key may see.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [workspaces]
                        properties:
                          workspaces:
                            type: array
                            items: {$ref: '#/components/schemas/Workspace'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            post:
              tags: [workspaces]
              operationId: createWorkspace
              summary: Create a workspace.
              description: Scope `workspaces:write`, and an administrator's key.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/NewWorkspace'}
              responses:
                '201':
                  description: The workspace.
                  headers:
                    Location:
                      description: The path of the workspace.
                      schema: {type: string}
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Workspace'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/workspaces/{id}:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [workspaces]
              operationId: getWorkspace
              summary: One workspace.
              description: Scope `workspaces:read`.
              responses:
                '200':
                  description: The workspace.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Workspace'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            patch:
              tags: [workspaces]
              operationId: changeWorkspace
              summary: Change a workspace.
              description: Scope `workspaces:write`, and an administrator's key. Fields that are left out stay as they are.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/WorkspaceChange'}
              responses:
                '200':
                  description: The workspace as it is now.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Workspace'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            delete:
              tags: [workspaces]
              operationId: deleteWorkspace
              summary: Delete a workspace.
              description: Scope `workspaces:write`, and an administrator's key. Its leads and its log stay.
              responses:
                '204': {description: It is gone.}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/agreements:
            get:
              tags: [agreements]
              operationId: listAgreements
              summary: Who has agreed to receive leads from whom.
              description: Scope `rules:read`. The key of a workspace sees the agreements that it is part of.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              responses:
                '200':
                  description: The agreements.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [agreements]
                        properties:
                          agreements:
                            type: array
                            items: {$ref: '#/components/schemas/Agreement'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            post:
              tags: [agreements]
              operationId: grantAgreement
              summary: Agree to receive leads from a workspace.
              description: |
                Scope `rules:write`. Only the receiving workspace can agree, or an administrator. Agreeing again changes nothing
                and is answered 200.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      required: [sendingWorkspaceId]
                      additionalProperties: false
                      properties:
                        receivingWorkspaceId:
                          description: The workspace of the key if left out; required for an administrator.
                          $ref: '#/components/schemas/Id'
                        sendingWorkspaceId: {$ref: '#/components/schemas/Id'}
              responses:
                '200':
                  description: The agreement was there already.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Agreement'}
                '201':
                  description: The agreement.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Agreement'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/agreements/{receivingWorkspaceId}/{sendingWorkspaceId}:
            parameters:
              - {name: receivingWorkspaceId, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
              - {name: sendingWorkspaceId, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [agreements]
              operationId: getAgreement
              summary: One agreement.
              description: Scope `rules:read`.
              responses:
                '200':
                  description: The agreement.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Agreement'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            delete:
              tags: [agreements]
              operationId: revokeAgreement
              summary: End an agreement.
              description: Scope `rules:write`. Rules that rely on it are passed over from now on.
              responses:
                '204': {description: It is gone.}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/health:
            get:
              tags: [operation]
              operationId: getHealth
              summary: How routing is doing.
              security: []
              responses:
                '200':
                  description: Healthy or degraded.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Health'}
                '503':
                  description: Unhealthy, with the same body; or a problem if the database does not answer.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Health'}
                    application/problem+json:
                      schema: {$ref: '#/components/schemas/Problem'}
                default: {$ref: '#/components/responses/Problem'}
          /api/inngest:
            get:
              tags: [operation]
              operationId: introspectInngest
              summary: What the Inngest endpoint is; a request that Inngest signed is told more.
              security: []
              responses:
                '200':
                  description: An introspection of schema version 2024-05-24.
                  content:
                    application/json:
                      schema: {type: object, additionalProperties: true}
                default: {$ref: '#/components/responses/Problem'}
            put:
              tags: [operation]
              operationId: syncInngest
              summary: Registers the scheduled functions with Inngest.
              security: []
              responses:
                '200':
                  description: Registered; or, in band, the registration itself.
                  content:
                    application/json:
                      schema: {type: object, additionalProperties: true}
                '401':
                  description: The signature is wrong, or missing where one is needed.
                  content:
                    application/json:
                      schema: {type: object, additionalProperties: true}
                '500':
                  description: Inngest could not be told, or is not configured; `message` says which.
                  content:
                    application/json:
                      schema: {type: object, additionalProperties: true}
                default: {$ref: '#/components/responses/Problem'}
            post:
              tags: [operation]
              operationId: callInngest
              summary: Runs a function, as Inngest calls it or because an administrator sends its event.
              description: |
                With `fnId` this is a call of Inngest's protocol and has to be signed by Inngest. Without it, an
                administrator's key with the scope `routing:write` sends an event, and what waits for it runs now:
                `{"name": "lead/routing.retry.trigger", "data": {"limit": 100}}` routes up to 100 leads that are due.
              parameters:
                - name: fnId
                  in: query
                  description: The function, in Inngest's calls.
                  schema: {type: string}
                - name: stepId
                  in: query
                  description: The step, in Inngest's calls.
                  schema: {type: string}
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: true
                      properties:
                        name: {type: string, description: The event's name.}
                        data: {type: object, additionalProperties: true, description: What it is about.}
                    example: {name: lead/routing.retry.trigger, data: {limit: 100}}
              responses:
                '200':
                  description: Done. For an event, its ids and the result of each run; for a call, the function's result.
                  content:
                    application/json:
                      schema: {}
                      example:
                        ids: [5f0c3c0e-9c54-4f0b-8a3e-1c0f0f2b7a11]
                        status: 200
                        runs:
                          - function: triggerLeadRoutingRetry
                            runId: 0e9b8f9c-51f9-4f06-9f8e-6f6f1f6f3f33
                            result: {function: triggerLeadRoutingRetry, affected: 12}
                '206':
                  description: A step of a call was done.
                  content:
                    application/json:
                      schema: {type: array, items: {type: object, additionalProperties: true}}
                default: {$ref: '#/components/responses/Problem'}
          /metrics:
            get:
              tags: [operation]
              operationId: readMetrics
              summary: Metrics of this node, in Prometheus' text format 0.0.4.
              description: |
                With `METRICS_TOKEN` set: for whoever sends it as a bearer token. Without: for callers on the same machine, and
                not through a proxy. Counts only, nothing of anybody.
              security: []
              responses:
                '200':
                  description: The metrics.
                  content:
                    text/plain:
                      schema: {type: string}
                default: {$ref: '#/components/responses/Problem'}
          /healthz:
            get:
              tags: [operation]
              operationId: isAlive
              summary: The process is alive.
              security: []
              responses:
                '200':
                  description: It is.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [status]
                        properties:
                          status: {const: alive}
                default: {$ref: '#/components/responses/Problem'}
          /readyz:
            get:
              tags: [operation]
              operationId: isReady
              summary: Requests can be served. The database answers and is migrated.
              security: []
              responses:
                '200':
                  description: They can.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [status]
                        properties:
                          status: {const: ready}
                '503': {$ref: '#/components/responses/Unavailable'}
                default: {$ref: '#/components/responses/Problem'}
          /openapi.yaml:
            get:
              tags: [operation]
              operationId: getOpenAPI
              summary: This document.
              security: []
              responses:
                '200':
                  description: OpenAPI 3.1.
                  content:
                    application/yaml: {}
                default: {$ref: '#/components/responses/Problem'}
        components:
          securitySchemes:
            apiKey:
              type: http
              scheme: bearer
              description: An API key (`switchyard keys create`), or the Supabase service-role key as administrator.
          headers:
            RequestId:
              description: The id of the request, as it stands in the logs.
              schema: {type: string}
          parameters:
            RequestId:
              name: X-Request-Id
              in: header
              description: |
                An id of your own for the request: 1 to 128 of `A-Z a-z 0-9 - _ . : / + =`. Anything else is replaced.
              schema: {type: string}
            RuleSetOwner:
              name: owner
              in: path
              required: true
              description: A workspace's id, or `platform`.
              schema: {type: string}
            IdempotencyKey:
              name: Idempotency-Key
              in: header
              description: |
                What the client calls this request: 1 to 255 printable ASCII characters without blanks, such as a UUID. Valid
                for the workspace, for 24 hours. Double quotes around it are not part of it.
              schema: {type: string, pattern: '^[!-~]{1,255}$'}
            Id:
              name: id
              in: path
              required: true
              schema: {$ref: '#/components/schemas/Id'}
          schemas:
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
