package import FoundationEssentials
package import Postgres
package import RoutingRules

/// Which leads a list is to show; a condition that is nil lets every lead through.
package struct LeadFilter: Sendable, Hashable {
    /// The state that the leads are in.
    package var status: LeadStatus?
    /// The workspace that they are in now.
    package var workspaceID: UUID?
    /// The workspace that they came from.
    package var sourceWorkspaceID: UUID?
    /// The rule that matched them.
    package var matchedRuleID: UUID?
    /// Only duplicates, or none of them.
    package var isDuplicate: Bool?
    /// The e-mail address, compared after normalisation.
    package var email: String?
    /// The phone number, compared after normalisation; beside an e-mail address it does not count.
    package var phone: String?
    /// Only leads that no rule matched and that their source keeps, as far as they can be put back into the queue; without
    /// those that were put back before and came to the same under these rules, given by their version.
    package var unmatchedRetriableUnder: Int64?
    /// Stored at this time or later.
    package var createdFrom: Timestamp?
    /// Stored before this time.
    package var createdBefore: Timestamp?

    /// A filter that lets every lead through.
    package init() {}

    /// The strongest identity of the e-mail address and phone number, as hex; nil without either.
    var identityHash: String? {
        guard email != nil || phone != nil else { return nil }
        return LeadIdentities(email: email, phone: phone, companyName: nil).strongest?.hex
    }

    /// Whether no lead can match, because the e-mail address or phone number identifies no person.
    var matchesNothing: Bool { (email != nil || phone != nil) && identityHash == nil }
}

/// The place in a list of leads after which the next page begins: newest first, by time and id.
package struct LeadCursor: Sendable, Hashable {
    /// When the last lead of the page before was stored.
    package let createdAt: Timestamp
    /// The id of that lead.
    package let id: UUID

    /// A place after one lead.
    package init(createdAt: Timestamp, id: UUID) {
        self.createdAt = createdAt
        self.id = id
    }

    /// The cursor as callers pass it around: microseconds since 1970, a dot, and the id.
    package var text: String { "\(createdAt.microsecondsSinceUnixEpoch).\(id.text)" }

    /// Reads what ``text`` printed; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let microseconds = Int64(parts[0]), let id = UUID(uuidString: String(parts[1])) else {
            return nil
        }
        self.init(createdAt: Timestamp(microsecondsSinceUnixEpoch: microseconds), id: id)
    }
}

/// A part of a list of leads.
package struct LeadPage: Sendable {
    /// The leads, newest first.
    package var leads: [LeadRecord]
    /// Where the next page begins, or nil when this was the last.
    package let next: LeadCursor?
}
