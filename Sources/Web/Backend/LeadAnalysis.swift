package import FoundationEssentials
package import RoutingRules

/// What the HTTP API asks about decisions: why one was made, and how others would have been.
package protocol LeadAnalysis: Sendable {
    /// Why a lead is where it is.
    ///
    /// - Parameters:
    ///   - lead: the lead.
    ///   - attempt: which of its decisions, from 1, oldest first; nil for the last one.
    ///   - principal: on whose behalf; who may see the lead may ask, and is told of other people's rules no more than
    ///     `LeadExplanation.Viewpoint` says.
    /// - Returns: the explanation; nil for a lead that does not exist or is not visible.
    /// - Throws: ``BackendError``; `.invalid` naming `attempt` for a decision that it does not have.
    func explain(_ lead: UUID, attempt: Int?, as principal: Principal) async throws -> LeadExplanation?

    /// What would become of leads under other rules; nothing is written.
    ///
    /// - Parameters:
    ///   - simulation: which rules stand against those in force, for which leads.
    ///   - owner: whose rules the draft replaces and whose leads are decided; nil for the platform's and everybody's,
    ///     which is for administrators.
    ///   - principal: on whose behalf.
    /// - Returns: what came of it.
    /// - Throws: ``BackendError``; `.overloaded` while another simulation is under way.
    func simulate(_ simulation: SimulationBody, owner: UUID?, as principal: Principal) async throws -> SimulationReport
}
