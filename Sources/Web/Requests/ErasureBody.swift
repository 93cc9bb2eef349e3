import FoundationEssentials
import RoutingRules

/// The body of `POST /api/erasures`: by what a person is found, and how far the erasure goes.
enum ErasureBody {
    /// Reads a body; exactly one of the three ways to find a person is given.
    ///
    /// - Throws: ``Problem`` with every field at fault.
    static func read(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws -> ErasureRequest {
        let names = ["email", "phone", "leadId", "forgetIdentity", "dryRun"]
        var body = try ObjectDecoding(bytes, names: names, limits: limits)
        let email = body.text("email", limit: 1000)
        let phone = body.text("phone", limit: 1000)
        let lead = body.uuid("leadId")
        let forgets = body.bool("forgetIdentity") ?? false
        let isRehearsal = body.bool("dryRun") ?? false
        let given = ["email", "phone", "leadId"].filter { body.has($0) && !body.isNull($0) }
        if given.count != 1 {
            body.note(
                given.last ?? "email",
                given.isEmpty ? "Nothing says who is to be erased." : "A person is found by one thing at a time.",
                "Send email, phone or leadId."
            )
        }
        try body.finish()
        let subject: ErasureRequest.Subject? =
            lead.map { .lead($0) } ?? email.map { .email($0) } ?? phone.map { .phone($0) }
        guard let subject else { throw Problem.invalid("/email", "Nothing says who is to be erased.") }
        return ErasureRequest(subject: subject, forgetsIdentity: forgets, isRehearsal: isRehearsal)
    }
}
