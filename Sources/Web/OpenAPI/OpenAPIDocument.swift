/// The description of the HTTP API, as `GET /openapi.yaml` serves it.
///
/// Written by hand and kept true by tests that compare it with the routes: OpenAPI 3.1, checked with
/// openapi-spec-validator. It is inside the binary so that it always describes the server that serves it.
enum OpenAPIDocument {
    /// The document.
    static let text =
        [
            head, leadsPaths, rulesPaths, workspacesPaths, operationsPaths, components, statisticsSchemas, valueSchemas,
            leadsSchemas, rulesSchemas, analysisSchemas, ruleSetsSchemas, workspacesSchemas, operationsSchemas,
            problems,
        ]
        .joined(separator: "\n")

    /// What it is, and the tags.
    private static let head = #"""
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
        """#
}
