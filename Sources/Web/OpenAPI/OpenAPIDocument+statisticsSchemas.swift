extension OpenAPIDocument {
    /// Schemas of statistics.
    static let statisticsSchemas = #"""
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
        """#
}
