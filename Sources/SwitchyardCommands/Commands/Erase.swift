import ArgumentParser
import FoundationEssentials
import LeadStore
import RoutingRules
import SwitchyardServer

/// Erases a person.
struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erase a person: blank what leads say of them, in all tables.",
        discussion: """
            That there was a lead, what was decided, who is credited and what is counted stay. There is no way back but a \
            backup. docs/security.md says what is blanked and what is kept.
            """
    )

    @Option(help: "The person's e-mail address, however it was written.")
    var email: String?

    @Option(help: "The person's phone number, however it was written.")
    var phone: String?

    @Option(help: "One lead, by its id; other leads of the same person stay.")
    var lead: String?

    @Flag(help: "Also forget the digests by which duplicates are recognised: sent again, the person is new.")
    var forgetIdentity = false

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    func validate() throws {
        guard [email, phone, lead].compactMap(\.self).count == 1 else {
            throw ValidationError("Say who is to be erased: one of --email, --phone, --lead.")
        }
    }

    func run() async throws {
        let subject = try subject()
        try await DatabaseSession.with { session in
            let erasure: Erasure
            do {
                erasure = try await session.stores.erasure.erase(
                    subject,
                    forgettingIdentity: forgetIdentity,
                    isRehearsal: dryRun,
                    actor: "command line",
                    as: .administrator
                )
            } catch let error as StoreError {
                throw CommandFault("\(error.message)", remedy: error.remedy ?? "Check the id.")
            }
            Standard.output(Self.report(erasure, isRehearsal: dryRun))
        }
    }

    private func subject() throws -> ErasureSubject {
        if let email { return .email(email) }
        if let phone { return .phone(phone) }
        guard let lead, let id = UUID(uuidString: lead) else {
            throw CommandFault(
                "“\(lead ?? "")” is not a lead's id.",
                remedy: "An id is a UUID, as POST /api/leads answers it."
            )
        }
        return .lead(id)
    }

    private static func report(_ erasure: Erasure, isRehearsal: Bool) -> String {
        var lines = erasure.leads.map { lead in
            switch lead.outcome {
            case .erased: "\(lead.id.text)  \(isRehearsal ? "would be erased" : "erased")"
            case .already: "\(lead.id.text)  was erased before"
            case .busy: "\(lead.id.text)  is locked by somebody who routes it"
            case .elsewhere, .none: "\(lead.id.text)  is not there any more"
            }
        }
        if lines.isEmpty { lines.append("No lead has it.") }
        if erasure.examples > 0 {
            lines.append("Golden leads and drafts that named the person: \(erasure.examples).")
        }
        if !erasure.rules.isEmpty {
            lines.append(
                "Rules that name the person, and were left as they are: \(erasure.rules.map(\.text).joined(separator: ", "))."
            )
        }
        return lines.joined(separator: "\n")
    }
}
