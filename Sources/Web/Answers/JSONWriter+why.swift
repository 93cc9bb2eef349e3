import JSON
import LeadRouting
import LeadStore

extension JSONWriter {
    /// Why a workspace receives leads, or none.
    mutating func explanation(of explanation: WorkspaceExplanation) {
        object { writer in
            writer.key("workspace")
            writer.workspace(explanation.workspace)
            writer.member("obstacles", explanation.obstacles)
            writer.member("senders", explanation.senders)
            writer.member("lastLeadAt", time: explanation.lastLeadAt)
            writer.member("sampledLeads", explanation.sampled)
            writer.key("rules")
            writer.array(explanation.rules) { writer, rule in
                writer.object { writer in
                    writer.member("id", rule.id)
                    writer.member("name", rule.name)
                    writer.member("owner", rule.owner)
                    writer.member("priority", rule.priority)
                    writer.member("findings", rule.findings)
                    writer.member("took", rule.took)
                    writer.key("losses")
                    writer.array(rule.losses) { writer, loss in
                        writer.object { writer in
                            writer.member("reason", loss.reason)
                            writer.member("count", loss.count)
                        }
                    }
                }
            }
            writer.key("nearMisses")
            writer.array(explanation.nearMisses) { writer, miss in
                writer.object { writer in
                    writer.member("leadId", miss.leadID)
                    writer.member("rule", miss.rule)
                    writer.member("reason", miss.reason)
                }
            }
        }
    }
}
