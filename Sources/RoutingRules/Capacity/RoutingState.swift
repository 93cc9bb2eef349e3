package import FoundationEssentials
import JSON

/// The state that decisions depend on beside the rules: counters, turns and local times.
///
/// A value: the database's rows as they were under lock, then changed by each decision of the batch. A missing entry
/// means that nothing was taken, no turn was had, and the workspace is open.
package struct RoutingState: Sendable, Hashable {
    /// A number and its window.
    package struct Amount: Sendable, Hashable {
        /// The number of leads, or the current value of a turn.
        package var value: Int64
        /// When the window began, in microseconds since 1970; 0 for turns and for all time.
        package var windowStart: Int64

        /// A number in a window.
        package init(_ value: Int64, windowStart: Int64 = 0) {
            self.value = value
            self.windowStart = windowStart
        }
    }

    /// The time of the decision, in microseconds since 1970.
    package var now: Int64
    /// Counters and turns.
    package var amounts: [StateKey: Amount]
    /// The local times of workspaces with opening hours.
    package var clocks: [UUID: LocalTime]
    /// The workspace that had the last lead of a company or domain.
    package var sticky: [RoutingStateRequest.Sticky: UUID]
    /// Rules for which leads wait.
    package var waiting: Set<UUID>

    /// An empty state.
    package init(now: Int64 = 0) {
        self.now = now
        amounts = [:]
        clocks = [:]
        sticky = [:]
        waiting = []
    }

    /// The number of leads taken, or the current value of a turn.
    func amount(_ key: StateKey) -> Amount { amounts[key] ?? Amount(0) }

    /// Whether the decisions of a batch used up no cap of a request: each had capacity before them and still has some,
    /// or was full before.
    ///
    /// Then the decisions would be the same with any larger numbers that leave capacity for the batch. Also false if a
    /// number is missing.
    ///
    /// - Parameters:
    ///   - request: the state that the decisions read.
    ///   - earlier: the state before the first of them.
    /// - Returns: whether the batch may be stored without having locked the numbers.
    package func hasUsedUpNothing(of request: RoutingStateRequest, since earlier: RoutingState) -> Bool {
        request.keys.allSatisfy { key in
            guard let limit = key.limit, let before = earlier.amounts[key.key], let now = amounts[key.key] else {
                return false
            }
            return now.value < limit || before.value >= limit
        }
    }

    /// Adds the use of a decision.
    package mutating func apply(_ use: StateUse, times factor: Int64 = 1) {
        for charge in use.charges {
            amounts[charge.key, default: Amount(0, windowStart: charge.windowStart)].value += charge.amount * factor
        }
        if factor > 0, let note = use.sticky { sticky[note.key] = note.workspace }
    }
}

/// What a decision takes of capacity and turns; it counts only if the lead is written as decided.
package struct StateUse: Sendable, Hashable {
    /// A change of one number.
    package struct Charge: Sendable, Hashable {
        /// The counter or turn.
        package let key: StateKey
        /// The change.
        package let amount: Int64
        /// The window of the counter.
        package let windowStart: Int64
    }

    /// The destination of the next lead of a company or domain.
    package struct StickyNote: Sendable, Hashable {
        /// The company or domain, and the rule.
        package let key: RoutingStateRequest.Sticky
        /// The workspace.
        package let workspace: UUID
    }

    /// The changes of counters and turns.
    package var charges: [Charge] = []
    /// The destination of the next lead of the same company or domain.
    package var sticky: StickyNote?
    /// The state that the decision read, as JSON; ``RoutingState/init(json:)`` parses it.
    package var seen = ""
    /// The counters in which the lead is counted, by their places in the recorded state.
    package var charged: [Int] = []

    /// An empty use.
    package init() {}

    /// The JSON kept with the log row: the state that was read, and the counters in which the lead was counted.
    package var metadata: String {
        var text = "{\"state\":\(seen.isEmpty ? "{}" : seen),\"charged\":["
        for (number, place) in charged.enumerated() { text += number == 0 ? "\(place)" : ",\(place)" }
        return text + "]}"
    }
}

extension RoutingState {
    /// Parses the recorded state of a decision; nil for anything else.
    ///
    /// The same lead, decided under the same rules in this state, gives the same decision.
    package init?(json: String) {
        guard let value = JSONValue(json: json) else { return nil }
        self.init(value)
    }

    /// Parses the metadata of a log row, which has the state as a member.
    package init?(metadata: String) {
        guard let state = JSONValue(json: metadata)?["state"] else { return nil }
        self.init(state)
    }

    private init?(_ value: JSONValue) {
        guard case .object = value else { return nil }
        self.init()
        if let time = value["now"]?.integer { now = time }
        for entry in value["amounts"]?.array ?? [] {
            guard case .array(let parts) = entry, parts.count == 6, let scope = parts[0].integer,
                let known = StateKey.Scope(rawValue: Int16(truncatingIfNeeded: scope)), let owner = parts[1].uuid,
                let member = parts[2] == .null ? StateKey.none : parts[2].uuid, let period = parts[3].integer,
                let amount = parts[4].integer,
                let start = parts[5].integer
            else { return nil }
            let key = StateKey(known, owner, member, per: StateKey.period(stored: Int16(truncatingIfNeeded: period)))
            amounts[key] = Amount(amount, windowStart: start)
        }
        for entry in value["clocks"]?.array ?? [] {
            guard case .array(let parts) = entry, parts.count == 2, let id = parts[0].uuid, let time = parts[1].integer
            else { return nil }
            clocks[id] = LocalTime(minutesSinceEpoch: time)
        }
        for entry in value["sticky"]?.array ?? [] {
            guard case .array(let parts) = entry, parts.count == 3, let rule = parts[0].uuid,
                case .string(let hex) = parts[1], let workspace = parts[2].uuid
            else { return nil }
            sticky[.init(rule: rule, key: StickyKey.bytes(hex: hex))] = workspace
        }
        for entry in value["waiting"]?.array ?? [] {
            guard let rule = entry.uuid else { return nil }
            waiting.insert(rule)
        }
    }
}

extension JSONValue {
    fileprivate var uuid: UUID? { string.flatMap { UUID(text: $0) } }
}

/// Records the state that a decision reads.
struct SeenState {
    /// The counters and turns that were read, in order.
    private var keys: [StateKey] = []
    private var amounts = ""
    private var clocks = ""
    private var sticky = ""
    private var waiting = ""

    var isEmpty: Bool { amounts.isEmpty && clocks.isEmpty && sticky.isEmpty && waiting.isEmpty }

    /// The place of a counter in the recorded state; a counter that was not read is added now.
    mutating func place(of charge: StateUse.Charge, _ amount: RoutingState.Amount) -> Int {
        if let place = keys.firstIndex(of: charge.key) { return place }
        note(CompiledCounter(charge.key), amount)
        return keys.count - 1
    }

    mutating func note(_ counter: CompiledCounter, _ amount: RoutingState.Amount) {
        keys.append(counter.key)
        if !amounts.isEmpty { amounts += "," }
        amounts += counter.jsonPrefix
        amounts += "\(amount.value),\(amount.windowStart)]"
    }

    mutating func note(clock workspace: UUID, _ time: LocalTime) {
        if !clocks.isEmpty { clocks += "," }
        clocks += "[\"\(workspace.text)\",\(time.minutesSinceEpoch)]"
    }

    mutating func note(_ key: RoutingStateRequest.Sticky, _ workspace: UUID) {
        if !sticky.isEmpty { sticky += "," }
        sticky += "[\"\(key.rule.text)\",\"\(StickyKey.hex(key.key))\",\"\(workspace.text)\"]"
    }

    mutating func note(waiting rule: UUID) {
        if !waiting.isEmpty { waiting += "," }
        waiting += "\"\(rule.text)\""
    }

    func json(now: Int64) -> String {
        var text = "{\"now\":\(now)"
        if !amounts.isEmpty { text += ",\"amounts\":[\(amounts)]" }
        if !clocks.isEmpty { text += ",\"clocks\":[\(clocks)]" }
        if !sticky.isEmpty { text += ",\"sticky\":[\(sticky)]" }
        if !waiting.isEmpty { text += ",\"waiting\":[\(waiting)]" }
        return text + "}"
    }
}
