import FoundationEssentials
import RoutingRules

/// The body of `POST /api/retry`: which leads that failed, or that no rule matched, and how many at most.
enum RetryBody {
    /// The most that one request puts back.
    static let largest: Int32 = 1000

    /// What the leads have come to that can be put back.
    enum Result: String, CaseIterable {
        /// For good; what is meant without a word.
        case failed
        /// No rule matched, and the source keeps it.
        case unmatched
    }

    /// Reads a body; without a filter every failed lead is meant.
    ///
    /// - Throws: ``Problem`` with every field at fault.
    static func read(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws -> (search: LeadSearch, limit: Int) {
        var body = try ObjectDecoding(bytes, names: ["filter", "limit"], limits: limits)
        let names = ["result", "workspaceId", "sourceWorkspaceId", "createdAfter", "createdBefore"]
        let filter = body.object("filter", names: names) { filter in
            var search = LeadSearch()
            if let word = filter.text("result") {
                if Result(rawValue: word) == nil {
                    filter.note("result", "This is failed or unmatched.", "Leave it out for failed.")
                }
                search.isUnmatched = word == Result.unmatched.rawValue
            }
            search.workspaceID = filter.uuid("workspaceId")
            search.sourceWorkspaceID = filter.uuid("sourceWorkspaceId")
            search.createdAfter = filter.time("createdAfter")
            search.createdBefore = filter.time("createdBefore")
            return search
        }
        let limit = body.int32("limit") ?? largest
        if !(1...largest ~= limit) { body.note("limit", "This is a whole number from 1 to \(largest).") }
        try body.finish()
        var search = filter ?? LeadSearch()
        search.status = search.isUnmatched ? .routed : .failed
        return (search, Int(limit))
    }
}
