extension OpenAPIDocument {
    /// Parameters, answers and how a key is sent; the schemas follow it.
    static let components = #"""
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
        """#
}
