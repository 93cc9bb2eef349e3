import CivilTime
import JSON
package import RoutingRules

/// Reports as the HTTP API prints them, for the command line.
package enum ReportJSON {
    /// What lint found.
    package static func text(_ report: RuleLintReport) -> String {
        printed { $0.lint(report) }
    }

    /// Why a lead is where it is.
    package static func text(_ explanation: LeadExplanation) -> String {
        printed { $0.explanation(explanation) }
    }

    /// What would become of leads under other rules.
    package static func text(_ report: SimulationReport) -> String {
        printed { $0.simulation(report) }
    }

    /// A time of microseconds since 1970, as answers print it.
    package static func time(_ microseconds: Int64) -> String { RFC3339.text(microseconds) }

    private static func printed(_ print: (inout JSONWriter) -> Void) -> String {
        JSONWriter.text(capacity: 4096, print)
    }
}
