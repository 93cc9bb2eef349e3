extension OpenAPIDocument {
    /// The schema of refusals, and the answers that every request may get.
    static let problems = #"""
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
