import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

extension UUID {
    /// A predictable id.
    static func sample(_ number: UInt8) -> UUID {
        UUID(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number))
    }

    /// The id of a lead by its number.
    static func lead(_ number: Int) -> UUID {
        let high = UInt8(truncatingIfNeeded: number >> 8)
        return UUID(uuid: (0, 0, 0, 0, 0, 0, 0x70, 0, 0x90, 0, 0, 0, 0, 0, high, UInt8(truncatingIfNeeded: number)))
    }
}

extension Assignment {
    /// To a workspace, by a rule.
    static func to(_ destination: UUID, rule: UUID? = StoreFixture.rule) -> Assignment {
        Assignment(result: .success, destination: destination, rule: rule, reason: "The rule R matched.")
    }

    static let kept = Assignment(result: .unmatched, reason: "No rule matched.")
    static let retry = Assignment(result: .retry, reason: "No rule yet.")
    static let queued = Assignment(result: .queued, reason: "Left to the queue.")
}

extension DecidedLead {
    /// A lead of workspace a, by default with its own email address.
    static func sample(
        _ number: Int,
        from source: UUID = StoreFixture.a,
        email: String? = nil,
        phone: String? = nil,
        metadata: String? = nil,
        _ assignment: Assignment
    ) -> DecidedLead {
        let lead = Lead(
            email: email ?? "person\(number)@example.com",
            phone: phone,
            industry: "software",
            location: LeadLocation(country: "US", city: "Zo\"ë\n"),
            metadata: metadata
        )
        return DecidedLead(PreparedLead(id: .lead(number), source: source, lead: lead), assignment)
    }
}

/// Expects a refusal of a kind that names a field.
func expectRefusal(
    _ code: StoreError.Code,
    _ field: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    #expect(error?.field == field, sourceLocation: sourceLocation)
}
