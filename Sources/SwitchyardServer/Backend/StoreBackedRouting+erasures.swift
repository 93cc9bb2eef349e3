import LeadStore
import Web

extension StoreBackedRouting {
    func erase(_ request: ErasureRequest, as principal: Principal) async throws -> ErasureReport {
        try await tellingCaller {
            let subject: ErasureSubject =
                switch request.subject {
                case .lead(let id): .lead(id)
                case .email(let text): .email(text)
                case .phone(let text): .phone(text)
                }
            let erasure = try await stores.erasure.erase(
                subject,
                forgettingIdentity: request.forgetsIdentity,
                isRehearsal: request.isRehearsal,
                actor: principal.id,
                as: principal.access
            )
            let leads = erasure.leads.compactMap { lead in
                ErasureReport.Outcome(rawValue: lead.outcome.rawValue).map { (id: lead.id, outcome: $0) }
            }
            return ErasureReport(leads: leads, examples: erasure.examples, rules: erasure.rules)
        }
    }
}
