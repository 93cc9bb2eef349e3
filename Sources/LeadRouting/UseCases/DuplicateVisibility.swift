import FoundationEssentials
import LeadStore
import RoutingRules

/// The one place that decides who may know which lead came first.
///
/// The sender of a duplicate learns that it is one; which lead it duplicates is shown only to callers that may see that lead too.
struct DuplicateVisibility: Sendable {
    private let leads: LeadsStore

    init(leads: LeadsStore) { self.leads = leads }

    /// An outcome of a lead that is stored by now, without the original where the caller may not see it.
    ///
    /// When the database does not answer, the original is left out: an answer that says less is better than an error that
    /// says that the lead is not stored.
    func redacting(_ outcome: RoutingOutcome, for caller: Caller) async -> RoutingOutcome {
        guard let original = outcome.duplicateLeadID else { return outcome }
        return outcome.redactingDuplicate(unless: (try? await leads.visible([original], to: caller.access)) ?? [])
    }

    /// Outcomes of leads that are stored by now, as ``redacting(_:for:)`` shows one.
    func redacting(
        _ outcomes: [Result<RoutingOutcome, RequestError>],
        for caller: Caller
    ) async -> [Result<RoutingOutcome, RequestError>] {
        let originals = Set(outcomes.compactMap { try? $0.get().duplicateLeadID })
        guard !originals.isEmpty else { return outcomes }
        let visible = (try? await leads.visible(originals, to: caller.access)) ?? []
        return outcomes.map { $0.map { $0.redactingDuplicate(unless: visible) } }
    }

    /// What was read, without the originals that the caller may not see.
    ///
    /// - Throws: what the database says.
    func redacting<Value: NamesOriginalLead>(_ values: [Value], as access: Access) async throws -> [Value] {
        let originals = Set(values.compactMap(\.originalLeadID))
        guard !originals.isEmpty else { return values }
        let visible = try await leads.visible(originals, to: access)
        return values.map { $0.redactingDuplicate(unless: visible) }
    }
}

/// A value that may name the lead of which another is a duplicate.
protocol NamesOriginalLead {
    /// The lead that came first.
    var originalLeadID: UUID? { get set }
}

extension NamesOriginalLead {
    /// The same without the lead that came first, unless it is one of these.
    func redactingDuplicate(unless visible: Set<UUID>) -> Self {
        guard let original = originalLeadID, !visible.contains(original) else { return self }
        var redacted = self
        redacted.originalLeadID = nil
        return redacted
    }
}

extension RoutingOutcome: NamesOriginalLead {
    var originalLeadID: UUID? {
        get { duplicateLeadID }
        set { duplicateLeadID = newValue }
    }
}

extension LeadRecord: NamesOriginalLead {
    var originalLeadID: UUID? {
        get { duplicateOf }
        set { duplicateOf = newValue }
    }
}

extension HistoryEntry: NamesOriginalLead {
    var originalLeadID: UUID? {
        get { duplicateOf }
        set { duplicateOf = newValue }
    }
}
