package import FoundationEssentials

/// What would have become of leads under other rules.
package struct SimulationReport: Sendable, Hashable {
    /// One workspace before and after.
    package struct WorkspaceLine: Sendable, Hashable {
        /// The workspace.
        package var id: UUID
        /// Its name.
        package var name: String
        /// How many of the leads it has under the rules in force, and under the draft.
        package var live: Int
        /// How many under the draft.
        package var draft: Int
        /// How many it would have that it does not have now.
        package var movedIn: Int
        /// How many it would no longer have.
        package var movedOut: Int
    }

    /// Leads that go from one place to another.
    package struct Move: Sendable, Hashable {
        /// Under the rules in force.
        package var from: Placement
        /// Under the draft.
        package var to: Placement
        /// How many.
        package var count: Int
        /// Some of them: at most ten ids.
        package var sample: [UUID]
    }

    /// One rule before and after.
    package struct RuleLine: Sendable, Hashable {
        /// The rule.
        package var id: UUID
        /// Its name.
        package var name: String
        /// How many leads it takes; nil if it is not among the rules in force.
        package var live: Int?
        /// How many under the draft; nil if the draft does not have it.
        package var draft: Int?
    }

    /// A cap that fills.
    package struct CapLine: Sendable, Hashable {
        /// What it is on, such as `“North”`.
        package var subject: String
        /// `hour`, `day`, `week`, `month` or `total`.
        package var period: String
        /// How many leads it lets through.
        package var limit: Int64
        /// When it was first full under the rules in force, in microseconds since 1970.
        package var liveFirst: Int64?
        /// In how many windows.
        package var liveWindows: Int
        /// When it would first be full under the draft.
        package var draftFirst: Int64?
        /// In how many windows.
        package var draftWindows: Int
    }

    /// Leads that waited for capacity under one of the two rule sets.
    package struct Waits: Sendable, Hashable {
        /// How many have waited.
        package var ever = 0
        /// How many still wait at the end.
        package var still = 0
        /// How long the longest of those waited that have moved, in microseconds.
        package var longest: Int64 = 0

        /// Nobody has waited.
        package init() {}
    }

    /// One lead, where few were asked about.
    package struct LeadLine: Sendable, Hashable {
        /// Its place among those that were sent, from 0.
        package var index: Int
        /// Its decision under the rules in force.
        package var live: RoutingDecision
        /// Its decision under the draft.
        package var draft: RoutingDecision
    }

    /// What the draft is, in words.
    package var draftName = ""
    /// The version that the draft is compared with.
    package var version: Int64 = 0
    /// The first and the last lead, in microseconds since 1970; nil without leads that have a time.
    package var period: ClosedRange<Int64>?
    /// How many leads were decided.
    package var leadCount = 0
    /// How many were left out because they are duplicates, which no rule decides.
    package var duplicateCount = 0
    /// Whether there are more leads in the time asked for; the newest were taken.
    package var isTruncated = false
    /// How many go where they went.
    package var unchanged = 0
    /// How many go to another place.
    package var moved = 0
    /// How many no rule would take any more.
    package var newlyUnmatched = 0
    /// How many a rule would take that none takes now.
    package var newlyMatched = 0
    /// How many stay where they are by another rule.
    package var otherRule = 0
    /// The workspaces that have some of the leads, those first for which most changes.
    package var workspaces: [WorkspaceLine] = []
    /// Where leads go from and to, the most first.
    package var moves: [Move] = []
    /// The rules, those first for which most changes.
    package var rules: [RuleLine] = []
    /// What counters and turns began with.
    package var counters = SimulatedCounters.empty
    /// By how much later than they came leads were taken to come, in microseconds; 0 unless counters began as they stand.
    package var offset: Int64 = 0
    /// The leads that waited under the rules in force.
    package var liveWaits = Waits()
    /// The leads that would wait under the draft.
    package var draftWaits = Waits()
    /// The caps that fill.
    package var caps: [CapLine] = []
    /// Each lead, where at most a hundred were asked about.
    package var leads: [LeadLine] = []
    /// How long it took.
    package var seconds = 0.0

    /// A report of nothing.
    package init() {}
}
