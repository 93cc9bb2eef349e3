import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules

/// The body of `POST /api/retry`: which failed or unmatched leads, and how many at most.
struct RetryBody {
    /// The most leads that one request requeues.
    private static let largest: Int32 = 1000

    /// Whether failed or unmatched leads are requeued; failed by default.
    let result: RetriableResult
    /// The filter of those leads.
    let filter: LeadFilter
    /// The most leads.
    let limit: Int

    /// Decodes a body; without a filter it selects every failed lead.
    ///
    /// - Throws: ``Problem`` with every invalid field.
    init(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws {
        var body = try ObjectReader(bytes, names: ["filter", "limit"], limits: limits)
        let names = ["result", "workspaceId", "sourceWorkspaceId", "createdAfter", "createdBefore"]
        if body.isNull("filter") {
            body.note("filter", "This must be an object, not null.", "Omit it to requeue every failed lead.")
        }
        let wanted = body.object("filter", names: names) { object in
            var result = RetriableResult.failed
            if let word = object.text("result") {
                if let known = RetriableResult(rawValue: word) {
                    result = known
                } else {
                    object.note("result", "This must be failed or unmatched.", "Omit it for failed.")
                }
            }
            var filter = LeadFilter()
            filter.workspaceID = object.uuid("workspaceId")
            filter.sourceWorkspaceID = object.uuid("sourceWorkspaceId")
            filter.createdFrom = object.timestamp("createdAfter")
            filter.createdBefore = object.timestamp("createdBefore")
            return (result, filter)
        }
        let limit = body.int32("limit") ?? Self.largest
        if !(1...Self.largest ~= limit) { body.note("limit", "This must be a whole number from 1 to \(Self.largest).") }
        try body.finish()
        (result, filter) = wanted ?? (.failed, LeadFilter())
        self.limit = Int(limit)
    }
}
