package import FoundationEssentials
import Postgres
package import RoutingRules

extension RuleStore {
    /// Switches a rule off whose conditions took more steps than a decision may, and leaves a notice for its owner.
    ///
    /// A rule of the platform stays on and gets the notice only. Repeating it changes nothing.
    package func switchOff(_ exceeded: ExceededSteps) async throws {
        let parameters: Parameters = [
            "rule": .uuid(exceeded.rule),
            "reason": .text(
                "Its conditions took more steps than a decision may. Use shorter patterns, or fewer of them, and "
                    + "switch the rule on again."
            ),
        ]
        _ = try await session.run(
            Self.switchOffRule,
            parameters,
            as: .administrator,
            recording: "switchyard"
        )
    }

    /// The notices about rules, by rule: those of one owner, or all.
    package func notices(of owner: UUID?) async throws -> [UUID: String] {
        let rows = try await session.pool.query(Self.ruleNotices, ["owner": .uuid(owner)])
        return Dictionary(try rows.map { (try $0.uuid(0), try $0.string(1)) }) { first, _ in first }
    }

    static let switchOffRule = Statement("switch_off_rule", "SELECT switchyard.switch_off_rule(:rule, :reason)")
    static let ruleNotices = Statement(
        "rule_notices",
        """
        SELECT n.rule_id, n.reason FROM switchyard.rule_notices n
        JOIN public.lead_routing_rules r ON r.id = n.rule_id
        WHERE (NOT r.is_active OR r.workspace_id IS NULL) AND (:owner::uuid IS NULL OR r.workspace_id = :owner)
        """
    )
}
