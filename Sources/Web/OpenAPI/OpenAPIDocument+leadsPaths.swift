extension OpenAPIDocument {
    /// What is sent of leads, asked of them and done with them.
    static let leadsPaths = #"""
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
          /api/leads/{id}/retry:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            post:
              tags: [leads]
              operationId: retryLead
              summary: Put a lead back into the queue that failed or that no rule matched.
              description: |
                Scope `routing:write`. For a lead that failed for good, and for one that no rule matched and that its
                source keeps: after a rule has been mended it is decided once more. Its attempts begin anew; its history
                keeps the decision of before and who asked.
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
          /api/erasures:
            post:
              tags: [leads]
              operationId: erasePerson
              summary: Erase a person from leads.
              description: |
                Scope `leads:erase`, which no key has unless it was made with it, or an administrator's. Blanks names, e-mail
                address, phone number, company name, city, source, the sender's id and metadata of the person's leads, and what
                others have written about them into the log, in one transaction. That there was a lead, where it went and why,
                who is credited and what is counted stay, and so do the digests by which duplicates are recognised, unless
                `forgetIdentity` is true: sent again, the person is new then. A lead that is not assigned yet expires first.

                Exactly one of `email`, `phone` and `leadId` is sent: every lead with the address or number, however it was
                written, or that one lead. A workspace's key erases from leads that the workspace has; those that it has sent on
                are counted as `elsewhere`, for whoever has them, or an administrator, to erase. Repeated, it does nothing more.
                409: somebody has locked one of the leads; nothing was erased.
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
                        email: {type: string, maxLength: 1000, description: 'Every lead with this address.'}
                        phone: {type: string, maxLength: 1000, description: 'Every lead with this number.'}
                        leadId: {$ref: '#/components/schemas/Id'}
                        forgetIdentity: {type: boolean, default: false}
                        dryRun: {type: boolean, default: false, description: 'Only say what would be done.'}
              responses:
                '200':
                  description: What became of the leads, or would.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [dryRun, erased, already, elsewhere, busy, leads, examples, rules]
                        properties:
                          dryRun: {type: boolean}
                          erased: {type: integer}
                          already: {type: integer, description: Erased before.}
                          elsewhere: {type: integer, description: 'Sent on, and left as they are.'}
                          busy: {type: integer, description: 'Locked by somebody; only with dryRun.'}
                          leads:
                            type: array
                            items:
                              type: object
                              required: [leadId, outcome]
                              properties:
                                leadId: {$ref: '#/components/schemas/Id'}
                                outcome: {type: string, enum: [erased, already, elsewhere, busy]}
                          examples:
                            type: integer
                            description: Golden leads and drafts that named the person, and do so no longer.
                          rules:
                            type: array
                            description: Rules whose conditions name the person; they are left as they are.
                            items: {$ref: '#/components/schemas/Id'}
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
              summary: Put leads back into the queue that failed or that no rule matched.
              description: |
                Scope `routing:write`. The newest such leads that the filter lets through, up to `limit`; call it again
                while `hasMore` is true. `result` says which: those that `failed` for good, or those that no rule matched
                (`unmatched`) and that their source keeps. An unmatched lead that was put back and came to the same is left
                out until the rules change.
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
                            result: {type: string, enum: [failed, unmatched], default: failed}
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
        """#
}
