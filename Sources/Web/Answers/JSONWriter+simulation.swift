import FoundationEssentials
import JSON
import RoutingRules

extension JSONWriter {
    /// The most rules and moves in an answer.
    private static let lineLimit = 200

    /// The report of a simulation.
    mutating func simulation(_ report: SimulationReport) {
        object { writer in
            writer.member("ruleSetVersion", report.version)
            writer.member("draft", report.draftName)
            writer.member("from", time: report.period?.lowerBound)
            writer.member("to", time: report.period?.upperBound)
            writer.member("leadCount", report.leadCount)
            writer.member("duplicateCount", report.duplicateCount)
            writer.member("isTruncated", report.isTruncated)
            writer.member("seconds", (report.seconds * 1000).rounded() / 1000)
            writer.key("summary")
            writer.object { writer in
                writer.member("unchanged", report.unchanged)
                writer.member("otherRule", report.otherRule)
                writer.member("moved", report.moved)
                writer.member("newlyMatched", report.newlyMatched)
                writer.member("newlyUnmatched", report.newlyUnmatched)
            }
            writer.key("workspaces")
            writer.array(report.workspaces.prefix(Self.lineLimit)) { writer, line in
                writer.object { writer in
                    writer.member("workspaceId", line.id)
                    writer.member("name", line.name)
                    writer.member("live", line.live)
                    writer.member("draft", line.draft)
                    writer.member("movedIn", line.movedIn)
                    writer.member("movedOut", line.movedOut)
                }
            }
            writer.key("moves")
            writer.array(report.moves.prefix(Self.lineLimit)) { writer, move in
                writer.object { writer in
                    writer.placement("from", move.from)
                    writer.placement("to", move.to)
                    writer.member("count", move.count)
                    writer.member("leadIds", move.sample.map(\.text))
                }
            }
            writer.key("rules")
            writer.array(report.rules.prefix(Self.lineLimit)) { writer, line in
                writer.object { writer in
                    writer.member("ruleId", line.id)
                    writer.member("name", line.name)
                    writer.member("live", line.live)
                    writer.member("draft", line.draft)
                }
            }
            writer.member("counters", report.counters.rawValue)
            writer.member("offsetSeconds", Int(report.offset / 1_000_000))
            writer.key("waiting")
            writer.object { writer in
                writer.waits("live", report.liveWaits)
                writer.waits("draft", report.draftWaits)
            }
            writer.caps(report.caps.prefix(Self.lineLimit))
            writer.key("leads")
            writer.array(report.leads) { writer, lead in
                writer.object { writer in
                    writer.member("index", lead.index)
                    writer.outcome("live", lead.live, for: report.reader)
                    writer.outcome("draft", lead.draft, for: report.reader)
                }
            }
        }
    }

    private mutating func waits(_ name: StaticString, _ waits: SimulationReport.Waits) {
        key(name)
        object { writer in
            writer.member("leads", waits.ever)
            writer.member("stillWaiting", waits.still)
            writer.member("longestSeconds", Int(waits.longest / 1_000_000))
        }
    }

    private mutating func caps(_ caps: some Sequence<SimulationReport.CapLine>) {
        key("caps")
        array(caps) { writer, cap in
            writer.object { writer in
                writer.member("subject", cap.subject)
                writer.member("per", cap.period)
                writer.member("limit", cap.limit)
                for (name, first, windows) in [
                    ("live" as StaticString, cap.liveFirst, cap.liveWindows),
                    ("draft", cap.draftFirst, cap.draftWindows),
                ] {
                    writer.key(name)
                    writer.object { writer in
                        writer.member("firstFullAt", time: first)
                        writer.member("fullWindows", windows)
                    }
                }
            }
        }
    }

    private mutating func placement(_ name: StaticString, _ placement: Placement) {
        key(name)
        object { writer in
            writer.member("outcome", placement.kind)
            writer.member("workspaceId", placement.workspace)
        }
    }

    private mutating func outcome(_ name: StaticString, _ decision: RoutingDecision, for reader: TextReader) {
        let placement = Placement(decision)
        key(name)
        object { writer in
            writer.member("outcome", placement.kind)
            writer.member("workspaceId", placement.workspace)
            if case .routed(_, let rule, _) = decision.outcome {
                writer.member("ruleId", rule)
                writer.member("ruleName", decision.reason.name(of: .rule(rule), for: reader))
            } else {
                writer.member("ruleId", String?.none)
                writer.member("ruleName", String?.none)
            }
            writer.member("reason", decision.reason.text(for: reader))
        }
    }
}
