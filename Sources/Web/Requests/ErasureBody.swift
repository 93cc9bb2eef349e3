import FoundationEssentials
import LeadStore
import RoutingRules

/// The body of `POST /api/erasures`: what identifies the person, and the options.
struct ErasureBody {
    /// What identifies the person.
    let subject: ErasureSubject
    /// Whether the person counts as new when sent again.
    let forgetsIdentity: Bool
    /// Whether only the report is needed.
    let isRehearsal: Bool

    /// Reads a body, which must have exactly one of the three identifying fields.
    ///
    /// - Throws: ``Problem`` with every invalid field.
    init(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws {
        let names = ["email", "phone", "leadId", "forgetIdentity", "dryRun"]
        var body = try ObjectReader(bytes, names: names, limits: limits)
        let email = body.text("email", limit: 1000)
        let phone = body.text("phone", limit: 1000)
        let lead = body.uuid("leadId")
        forgetsIdentity = body.bool("forgetIdentity") ?? false
        isRehearsal = body.bool("dryRun") ?? false
        let given = ["email", "phone", "leadId"].filter { body.has($0) && !body.isNull($0) }
        if given.count != 1 {
            body.note(
                given.last ?? "email",
                given.isEmpty ? "No email, phone or leadId given." : "More than one of email, phone and leadId given.",
                "Send email, phone or leadId."
            )
        }
        try body.finish()
        let subject: ErasureSubject? = lead.map { .lead($0) } ?? email.map { .email($0) } ?? phone.map { .phone($0) }
        guard let subject else { throw Problem.invalid("/email", "No email, phone or leadId given.") }
        self.subject = subject
    }
}
