import RoutingRules
import Testing

/// Conditions from JSON, for tests.
enum ConditionSamples {
    /// Conditions whose `where` is this; without problems.
    static func tree(_ json: String, _ location: SourceLocation = #_sourceLocation) -> RuleConditions {
        let conditions = RuleConditions(json: #"{"where":\#(json)}"#)
        #expect(conditions.problems == [], sourceLocation: location)
        return conditions
    }

    /// Conditions of one comparison.
    static func one(
        _ field: String,
        _ op: String,
        _ value: String? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) -> RuleConditions {
        tree(#"{"field":"\#(field)","op":"\#(op)"\#(value.map { #","value":\#($0)"# } ?? "")}"#, location)
    }
}
