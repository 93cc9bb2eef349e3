extension OpenAPIDocument {
    /// Schemas of how the server is doing.
    static let operationsSchemas = #"""
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
        """#
}
