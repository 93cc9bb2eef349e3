extension OpenAPIDocument {
    /// Pauses, figures, health, and the description itself.
    static let operationsPaths = #"""
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
        """#
}
