package import FoundationEssentials

/// The results of leads under other rules.
package struct SimulationReport: Sendable, Hashable {
    /// The leads of one workspace under both rule sets.
    package struct WorkspaceLine: Sendable, Hashable {
        /// The workspace.
        package var id: UUID
        /// Its name; nil if the reader may not read it.
        package var name: String?
        /// How many of the leads it has under the current rules.
        package var live: Int
        /// How many it has under the draft.
        package var draft: Int
        /// How many it gains.
        package var movedIn: Int
        /// How many it loses.
        package var movedOut: Int
    }

    /// Leads whose result changes in the same way.
    package struct Move: Sendable, Hashable {
        /// The result under the current rules.
        package var from: Placement
        /// The result under the draft.
        package var to: Placement
        /// How many.
        package var count: Int
        /// At most ten of their ids.
        package var sample: [UUID]
    }

    /// The leads of one rule under both rule sets.
    package struct RuleLine: Sendable, Hashable {
        /// The rule.
        package var id: UUID
        /// Its name; nil if the reader may not read it.
        package var name: String?
        /// How many leads it takes; nil if it is not in the current rules.
        package var live: Int?
        /// How many it takes under the draft; nil if the draft does not have it.
        package var draft: Int?
    }

    /// A cap that was full.
    package struct CapLine: Sendable, Hashable {
        /// The subject of the cap, such as `“North”`.
        package var subject: String
        /// `hour`, `day`, `week`, `month` or `total`.
        package var period: String
        /// The limit of the cap.
        package var limit: Int64
        /// When it was first full under the current rules, in microseconds since 1970.
        package var liveFirst: Int64?
        /// In how many windows.
        package var liveWindows: Int
        /// When it was first full under the draft.
        package var draftFirst: Int64?
        /// In how many windows.
        package var draftWindows: Int
    }

    /// The leads that waited for capacity under one of the rule sets.
    package struct Waits: Sendable, Hashable {
        /// How many have waited.
        package var ever = 0
        /// How many still wait at the end.
        package var still = 0
        /// The longest wait of the leads that have moved, in microseconds.
        package var longest: Int64 = 0

        /// Without waits.
        package init() {}
    }

    /// One lead, if the request has few.
    package struct LeadLine: Sendable, Hashable {
        /// Its place in the request, from 0.
        package var index: Int
        /// Its decision under the current rules.
        package var live: RoutingDecision
        /// Its decision under the draft.
        package var draft: RoutingDecision
    }

    /// The reader: names and caps that it may not read are left out, and reasons are written for it.
    package let reader: TextReader
    /// The name of the draft, in words.
    package var draftName = ""
    /// The version that the draft is compared with.
    package var version: Int64 = 0
    /// The first and the last lead, in microseconds since 1970; nil without leads that have a time.
    package var period: ClosedRange<Int64>?
    /// How many leads were decided.
    package var leadCount = 0
    /// How many duplicates were skipped, which no rule decides.
    package var duplicateCount = 0
    /// Whether the period has more leads; the newest were taken.
    package var isTruncated = false
    /// How many have the same result.
    package var unchanged = 0
    /// How many go to another destination.
    package var moved = 0
    /// How many are no longer matched.
    package var newlyUnmatched = 0
    /// How many are newly matched.
    package var newlyMatched = 0
    /// How many have the same result by another rule.
    package var otherRule = 0
    /// The workspaces with some of the leads, those with most changes first.
    package var workspaces: [WorkspaceLine] = []
    /// The kinds of change, the most frequent first.
    package var moves: [Move] = []
    /// The rules, those with most changes first.
    package var rules: [RuleLine] = []
    /// The initial counters and turns.
    package var counters = SimulatedCounters.empty
    /// By how much the leads' times were shifted into the future, in microseconds; 0 unless counters start at their
    /// current values.
    package var offset: Int64 = 0
    /// The leads that waited under the current rules.
    package var liveWaits = Waits()
    /// The leads that waited under the draft.
    package var draftWaits = Waits()
    /// The caps that were full.
    package var caps: [CapLine] = []
    /// Each lead, if the request has at most a hundred.
    package var leads: [LeadLine] = []
    /// The duration of the simulation.
    package var seconds = 0.0

    /// An empty report for a reader.
    package init(for reader: TextReader) { self.reader = reader }
}
