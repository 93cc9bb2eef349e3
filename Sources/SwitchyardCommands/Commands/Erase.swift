import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Erases a person.
struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erase a person's data from leads, in all tables.",
        discussion: """
            The leads, their decisions, attribution and statistics are kept. Erasure cannot be undone, except from a \
            backup. docs/security.md lists what is erased and what is kept.
            """
    )

    @Option(help: "The person's email address, in any notation.")
    var email: String?

    @Option(help: "The person's phone number, in any notation.")
    var phone: String?

    @Option(help: "One lead, by its id; other leads of the same person are kept.")
    var lead: String?

    @Flag(help: "Also remove the digests that identify duplicates: if sent again, the person is new.")
    var forgetIdentity = false

    @Flag(help: "Only print what would be done.")
    var dryRun = false

    func validate() throws {
        guard [email, phone, lead].compactMap(\.self).count == 1 else {
            throw ValidationError("Give one of --email, --phone, --lead.")
        }
    }

    func run() async throws {
        let subject = try subject()
        try await withUseCases { useCases, _ in
            let erasure = try await useCases.leads.erase(
                subject,
                forgettingIdentity: forgetIdentity,
                isRehearsal: dryRun,
                as: .commandLine
            )
            terminal.output(Self.report(erasure, isRehearsal: dryRun))
        }
    }

    private func subject() throws -> ErasureSubject {
        if let email { return .email(email) }
        if let phone { return .phone(phone) }
        guard let lead, let id = UUID(uuidString: lead) else {
            throw CommandError(
                "“\(lead ?? "")” is not a lead's id.",
                remedy: "Use the UUID that POST /api/leads returned."
            )
        }
        return .lead(id)
    }

    private static func report(_ erasure: Erasure, isRehearsal: Bool) -> String {
        var lines = erasure.leads.map { lead in
            switch lead.outcome {
            case .erased: "\(lead.id.text)  \(isRehearsal ? "would be erased" : "erased")"
            case .already: "\(lead.id.text)  was erased before"
            case .busy: "\(lead.id.text)  is locked by a program that is routing it"
            case .elsewhere, .none: "\(lead.id.text)  no longer exists"
            }
        }
        if lines.isEmpty { lines.append("No lead found.") }
        if erasure.examples > 0 {
            lines.append("Golden leads and drafts that named the person: \(erasure.examples).")
        }
        if !erasure.rules.isEmpty {
            lines.append(
                "Rules that name the person (not changed): \(erasure.rules.map(\.text).joined(separator: ", "))."
            )
        }
        return lines.joined(separator: "\n")
    }
}
