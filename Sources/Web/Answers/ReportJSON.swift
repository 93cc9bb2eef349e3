package import RoutingRules

/// Reports as the HTTP API prints them, for the command line.
package enum ReportJSON {
    /// What lint found.
    package static func text(_ report: RuleLintReport) -> String {
        printed { $0.lint(report) }
    }

    private static func printed(_ print: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 4096)
        print(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
