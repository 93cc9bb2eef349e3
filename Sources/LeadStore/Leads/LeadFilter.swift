package import FoundationEssentials
package import Postgres
package import RoutingRules

/// The conditions of a list of leads; nil means no condition.
package struct LeadFilter: Sendable, Hashable {
    /// Their status.
    package var status: LeadStatus?
    /// Their current workspace.
    package var workspaceID: UUID?
    /// Their source workspace.
    package var sourceWorkspaceID: UUID?
    /// The rule that matched them.
    package var matchedRuleID: UUID?
    /// Only duplicates, or only other leads.
    package var isDuplicate: Bool?
    /// The email address, compared after normalisation.
    package var email: String?
    /// The phone number, compared after normalisation; ignored if there is an email address.
    package var phone: String?
    /// Only unmatched leads in their source workspace that can be requeued; without those that were requeued before and
    /// are unmatched again under these rules, given by their version.
    package var unmatchedRetriableUnder: Int64?
    /// Stored at this time or later.
    package var createdFrom: Timestamp?
    /// Stored before this time.
    package var createdBefore: Timestamp?

    /// A filter without conditions.
    package init() {}

    /// The strongest identity of the email address and phone number, as hex; nil without either.
    var identityHash: String? {
        guard email != nil || phone != nil else { return nil }
        return LeadIdentities(email: email, phone: phone, companyName: nil).strongest?.hex
    }

    /// Whether no lead can match, because the email address or phone number identifies no person.
    var matchesNothing: Bool { (email != nil || phone != nil) && identityHash == nil }
}

/// The key of a lead in a list: newest first, by time and id.
package struct LeadKey: Sendable, Hashable {
    /// When the lead was stored.
    package let createdAt: Timestamp
    /// The id of the lead.
    package let id: UUID

    /// The key of a lead.
    package init(createdAt: Timestamp, id: UUID) {
        self.createdAt = createdAt
        self.id = id
    }
}

/// Where a page lies in a list.
package enum PagePlace<Key: Sendable & Hashable>: Sendable, Hashable {
    /// It begins after the element of this key.
    case after(Key)
    /// It ends before the element of this key.
    case before(Key)
}

/// A part of a list of leads.
package struct LeadPage: Sendable {
    /// The leads, newest first.
    package var leads: [LeadRecord]
    /// The lead after which the next page begins, or nil on the last page.
    package let next: LeadKey?
    /// The lead before which the previous page ends, or nil on the first page.
    package let previous: LeadKey?
}
