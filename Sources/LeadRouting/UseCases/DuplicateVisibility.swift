import FoundationEssentials
import LeadStore
import RoutingRules

/// Decides which callers may see a duplicate's first lead; every answer to a caller passes here.
///
/// The sender of a duplicate learns that it is one; the earlier lead is shown only to callers that may see that lead
/// too.
struct DuplicateVisibility: Sendable {
    private let leads: LeadsStore

    init(leads: LeadsStore) { self.leads = leads }

    /// The outcome of a stored lead, without the original if the caller may not see it.
    ///
    /// If the database fails, the original is omitted: an error would say that the lead is not stored.
    func redacting(_ outcome: RoutingOutcome, for caller: Caller) async -> RoutingOutcome {
        guard let original = outcome.duplicateLeadID else { return outcome }
        return outcome.redactingDuplicate(unless: (try? await leads.visible([original], to: caller.access)) ?? [])
    }

    /// The outcomes of stored leads, redacted as by ``redacting(_:for:)``.
    func redacting(
        _ outcomes: [Result<RoutingOutcome, RequestError>],
        for caller: Caller
    ) async -> [Result<RoutingOutcome, RequestError>] {
        let originals = Set(outcomes.compactMap { try? $0.get().duplicateLeadID })
        guard !originals.isEmpty else { return outcomes }
        let visible = (try? await leads.visible(originals, to: caller.access)) ?? []
        return outcomes.map { $0.map { $0.redactingDuplicate(unless: visible) } }
    }

    /// Records without the originals that the caller may not see.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    func redacting<Value: NamesOriginalLead>(_ values: [Value], as access: Access) async throws -> [Value] {
        let originals = Set(values.compactMap(\.originalLeadID))
        guard !originals.isEmpty else { return values }
        let visible = try await leads.visible(originals, to: access)
        return values.map { $0.redactingDuplicate(unless: visible) }
    }
}

/// A value that may name the original of a duplicate.
protocol NamesOriginalLead {
    /// The original.
    var originalLeadID: UUID? { get set }
}

extension NamesOriginalLead {
    /// The same without the original, unless it is one of these.
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
