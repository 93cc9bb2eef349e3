import CivilTime
import JSON
package import RoutingRules

/// Reports in the form of the HTTP API, for the command line.
package enum ReportJSON {
    /// The findings of lint.
    package static func text(_ report: RuleLintReport) -> String {
        printed { $0.lint(report) }
    }

    /// Why a lead is where it is.
    package static func text(_ explanation: LeadExplanation) -> String {
        printed { $0.explanation(explanation) }
    }

    /// The report of a simulation.
    package static func text(_ report: SimulationReport) -> String {
        printed { $0.simulation(report) }
    }

    /// A time of microseconds since 1970, as in answers.
    package static func time(_ microseconds: Int64) -> String { RFC3339.text(microseconds) }

    private static func printed(_ print: (inout JSONWriter) -> Void) -> String {
        JSONWriter.text(capacity: 4096, print)
    }
}
