extension OpenAPIDocument {
    /// Schemas of what stands in many others: ids, times, states, places.
    static let valueSchemas = #"""
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
        """#
}
