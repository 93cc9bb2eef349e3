import LeadStore
import RoutingRules

/// Looks up the names in stored texts, as far as their reader may read them; the row policies decide.
///
/// Texts of decisions in memory have their names already, so that an arriving lead costs no statement.
struct ReaderNames: Sendable {
    private let names: NameStore

    init(names: NameStore) { self.names = names }

    /// Values with the names in their texts: one statement for all of them, and none without stored mentions.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    func completing<Value: MentionsObjects>(_ values: [Value], as access: Access) async throws -> [Value] {
        let unnamed = Set(values.flatMap { $0.texts.flatMap(\.unnamed) })
        guard !unnamed.isEmpty else { return values }
        let known = try await names.names(of: unnamed, as: access)
        return values.map { value in
            var completed = value
            completed.texts = value.texts.map { text in
                var text = text
                text.learn(known)
                return text
            }
            return completed
        }
    }

    /// The outcome of a stored lead with the names in its reason.
    ///
    /// If the database fails, they are omitted: an error would say that the lead is not stored.
    func completing(_ outcome: RoutingOutcome, for caller: Caller) async -> RoutingOutcome {
        guard !outcome.reason.unnamed.isEmpty else { return outcome }
        return (try? await completing([outcome], as: caller.access))?.first ?? outcome
    }

    /// The outcomes of stored leads, completed as by ``completing(_:for:)``.
    func completing(
        _ outcomes: [Result<RoutingOutcome, RequestError>],
        for caller: Caller
    ) async -> [Result<RoutingOutcome, RequestError>] {
        guard outcomes.contains(where: { (try? $0.get())?.reason.unnamed.isEmpty == false }) else { return outcomes }
        let stored = outcomes.compactMap { try? $0.get() }
        guard var completed = try? await completing(stored, as: caller.access)[...] else { return outcomes }
        return outcomes.map { $0.map { completed.popFirst() ?? $0 } }
    }
}

/// A value with texts that mention objects by their ids.
protocol MentionsObjects {
    /// The texts, always as many and in the same order.
    var texts: [RoutingText] { get set }
}

extension RoutingOutcome: MentionsObjects {
    var texts: [RoutingText] {
        get { [reason] }
        set { reason = newValue[0] }
    }
}

extension TestLead: MentionsObjects {
    var texts: [RoutingText] {
        get { outcome.texts }
        set { outcome.texts = newValue }
    }
}

extension LeadRecord: MentionsObjects {
    var texts: [RoutingText] {
        get { error.map { [$0] } ?? [] }
        set { error = newValue.first }
    }
}

extension HistoryEntry: MentionsObjects {
    var texts: [RoutingText] {
        get { [reason, errorMessage].compactMap(\.self) }
        set {
            var rest = newValue[...]
            if reason != nil { reason = rest.popFirst() }
            if errorMessage != nil { errorMessage = rest.popFirst() }
        }
    }
}

extension DecisionRecord: MentionsObjects {
    var texts: [RoutingText] {
        get { entry.texts }
        set { entry.texts = newValue }
    }
}
