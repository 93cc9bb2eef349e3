import FoundationEssentials
import RoutingRules
import Testing

/// Lint findings about typical rules.
@Suite struct RuleLintTests {
    private static let workspaces = [
        Samples.workspace(1), Samples.workspace(2), Samples.workspace(3), Samples.workspace(4, isPaused: true),
        Samples.workspace(5, isActive: false),
    ]

    private func lint(
        _ rules: [RoutingRule],
        workspaces: [Workspace] = workspaces,
        owner: Int? = nil,
        agreements: [RoutingAgreement] = []
    ) -> RuleLintReport {
        let snapshot = RuleSetSnapshot(version: 7, workspaces: workspaces, rules: rules, agreements: agreements)
        return RuleLint(snapshot, for: .administrator).report(on: owner.map(Samples.id))
    }

    private func codes(_ rules: [RoutingRule]) -> [RuleFinding.Code] { lint(rules).findings.map(\.code) }

    @Test func validRulesHaveNoFindings() {
        let report = lint([
            Samples.rule(10, of: nil, to: 2, priority: 3, .init(industries: ["Software"], countries: ["US"])),
            Samples.rule(11, of: nil, to: 3, priority: 2, .init(countries: ["US", "Canada"])),
            Samples.rule(12, of: nil, to: 3, priority: 1),
        ])
        #expect(report.findings.isEmpty, "\(report.text(names: [:]))")
        #expect(report.summary == "3 rules of version 7: no problems found.")
    }

    @Test(arguments: [
        (RuleConditions(countries: ["CA", "Mexico"], usStates: ["TX"]), "/conditions/countries"),
        (RuleConditions(usStates: ["Ontario"]), "/conditions/us_states"),
        (RuleConditions(usStates: ["TX"], regions: ["West"]), "/conditions/regions"),
        (RuleConditions(industries: [" "]), "/conditions/industries"),
        (RuleConditions(usStates: ["PR"], regions: ["South", "Ontario"]), "/conditions/regions"),
    ])
    func contradictionsAreErrors(_ conditions: RuleConditions, _ path: String) throws {
        let report = lint([Samples.rule(10, of: nil, to: 2, conditions)])
        let finding = try #require(report.findings.first { $0.code == .neverMatches })
        #expect(finding.severity == .error)
        #expect(finding.path == path)
        #expect(finding.ruleID == Samples.id(10))
    }

    @Test(arguments: [
        RuleConditions(countries: ["CA", "US"], usStates: ["TX"]),
        RuleConditions(usStates: ["TX"], regions: ["West", "tx"]),
        RuleConditions(usStates: ["TX", "Ontario"]),
        RuleConditions(countries: ["Canada"], regions: ["Ontario"]),
    ])
    func satisfiableConditionsAreAccepted(_ conditions: RuleConditions) {
        #expect(!codes([Samples.rule(10, of: nil, to: 2, conditions)]).contains(.neverMatches))
    }

    @Test func deadValuesAreWarnings() throws {
        let report = lint([
            Samples.rule(10, of: nil, to: 2, .init(countries: ["Untied States", "US"], usStates: ["TX", "Ontario"]))
        ])
        #expect(report.findings.map(\.code) == [.deadValue, .unknownCountry])
        #expect(report.findings[0].message.contains("“Ontario” is not a state"))
        #expect(report.findings[1].severity == .note)
    }

    @Test func earlierSupersetShadows() throws {
        let report = lint([
            Samples.rule(10, of: nil, to: 2, priority: 9, .init(usStates: ["CA", "OR", "Washington"])),
            Samples.rule(11, of: nil, to: 3, priority: 5, .init(industries: ["Tech"], usStates: ["wa", "Oregon"])),
        ])
        let finding = try #require(report.findings.first { $0.code == .shadowed })
        #expect(finding.ruleID == Samples.id(11))
        #expect(finding.otherRuleID == Samples.id(10))
        #expect(finding.severity == .warning)
    }

    @Test func pausedDestinationShadowsNothing() {
        let found = codes([
            Samples.rule(10, of: nil, to: 4, priority: 9, .init(usStates: ["CA"])),
            Samples.rule(11, of: nil, to: 3, priority: 5, .init(usStates: ["CA"])),
        ])
        #expect(found == [.pausedDestination])
    }

    /// A state list takes leads without a country, which a country list does not.
    @Test func stateListIsNotWithinCountryList() {
        let states = RuleConditions(usStates: ["TX"])
        let country = RuleConditions(countries: ["US"])
        let both = RuleConditions(countries: ["US", "CA"], usStates: ["TX"])
        #expect(
            codes([Samples.rule(1, of: nil, to: 2, priority: 2, country), Samples.rule(2, of: nil, to: 2, states)])
                == []
        )
        #expect(
            codes([Samples.rule(1, of: nil, to: 2, priority: 2, country), Samples.rule(2, of: nil, to: 2, both)])
                == [.shadowed]
        )
    }

    /// A region list with “TX” means the text, not the state.
    @Test func regionSpellingIsNarrowerThanState() {
        let text = RuleConditions(regions: ["TX"])
        let state = RuleConditions(usStates: ["TX"])
        let south = RuleConditions(regions: ["South"])
        #expect(
            codes([Samples.rule(1, of: nil, to: 2, priority: 2, text), Samples.rule(2, of: nil, to: 2, state)]) == []
        )
        #expect(
            codes([Samples.rule(1, of: nil, to: 2, priority: 2, south), Samples.rule(2, of: nil, to: 2, state)])
                == [.shadowed]
        )
    }

    @Test func twoRulesShadowTogether() throws {
        let report = lint([
            Samples.rule(10, of: nil, to: 2, priority: 9, .init(companySizes: ["1-10"])),
            Samples.rule(11, of: nil, to: 3, priority: 8, .init(companySizes: ["11-50"], countries: ["US"])),
            Samples.rule(12, of: nil, to: 2, priority: 7, .init(companySizes: ["1-10", "11-50"], countries: ["US"])),
        ])
        let finding = try #require(report.findings.first { $0.code == .shadowedTogether })
        #expect(finding.ruleID == Samples.id(12))
        #expect(finding.message.contains("“Rule 10” and “Rule 11”"))
    }

    @Test func duplicatesAndCatchAllsAreReported() {
        let report = lint([
            Samples.rule(10, of: nil, to: 2, priority: 9, .init(industries: ["Tech", "Law"])),
            Samples.rule(11, of: nil, to: 2, priority: 8, .init(industries: [" law", "TECH"])),
            Samples.rule(12, of: nil, to: 2, priority: 7),
            Samples.rule(13, of: nil, to: 2, priority: 6, .init(industries: ["Food"])),
        ])
        #expect(report.findings.map(\.code) == [.duplicate, .catchAllNotLast, .shadowed])
        #expect(report.findings.map(\.ruleID) == [11, 12, 13].map(Samples.id))
    }

    @Test func unusableDestinationsAreReported() {
        let report = lint(
            [
                Samples.rule(10, of: 1, to: 99, priority: 9, .init(industries: ["a"])),
                Samples.rule(11, of: 1, to: 5, priority: 8, .init(industries: ["b"])),
                Samples.rule(12, of: 1, to: 2, priority: 7, .init(industries: ["c"])),
                Samples.rule(13, of: 1, to: 4, priority: 6, .init(industries: ["d"])),
                Samples.rule(14, of: 1, to: 3, priority: 5, .init(industries: ["e"])),
                Samples.rule(15, of: 1, to: 1, priority: 4, .init(industries: ["f"])),
            ],
            owner: 1,
            agreements: [Samples.agreement(3, from: 1)]
        )
        #expect(
            report.findings.map(\.code)
                == [.missingDestination, .inactiveDestination, .noAgreement, .pausedDestination]
        )
        #expect(report.count(.error) == 3)
    }

    @Test func tiesAreReportedOnlyWhereOrderMatters() {
        let tech = RuleConditions(industries: ["Tech"])
        let us = RuleConditions(countries: ["US"])
        let law = RuleConditions(industries: ["Law"])
        #expect(codes([Samples.rule(1, of: nil, to: 2, tech), Samples.rule(2, of: nil, to: 3, us)]) == [.priorityTie])
        #expect(codes([Samples.rule(1, of: nil, to: 2, tech), Samples.rule(2, of: nil, to: 2, us)]) == [])
        #expect(codes([Samples.rule(1, of: nil, to: 2, tech), Samples.rule(2, of: nil, to: 3, law)]) == [])
    }

    @Test func tieTextIsSingularAndPlural() throws {
        let us = RuleConditions(countries: ["US"])
        let rivals = [
            Samples.rule(1, of: nil, to: 2, us), Samples.rule(2, of: nil, to: 3, .init(companySizes: ["1-10"])),
        ]
        let one = try #require(lint(rivals).findings.first { $0.code == .priorityTie })
        #expect(
            one.message.hasSuffix(
                "which wants some of the same leads for another workspace; the older one is tried first."
            )
        )
        let more = lint(rivals + [Samples.rule(3, of: nil, to: 1, .init(industries: ["Tech"]))])
        let several = try #require(more.findings.last { $0.code == .priorityTie })
        #expect(
            several.message.hasSuffix(
                "and 1 more, which want some of the same leads for other workspaces; the oldest is tried first."
            )
        )
    }

    @Test func uncoveredCellsAreSummarised() throws {
        let report = lint([
            Samples.rule(10, of: nil, to: 2, priority: 9, .init(companySizes: ["1-10", "11-50"], regions: ["West"])),
            Samples.rule(11, of: nil, to: 3, priority: 8, .init(companySizes: ["51-200"])),
        ])
        let finding = try #require(report.findings.first { $0.code == .uncoveredCells })
        #expect(finding.severity == .warning)
        #expect(
            finding.message
                == "No rule takes 76 of the 153 combinations of state and company size: AL, AR, CT, DC, DE, FL, GA, IA "
                + "and 30 more with sizes 1-10 to 11-50."
        )
        #expect(!codes([Samples.rule(10, of: nil, to: 2, .init(companySizes: ["1-10"]))]).contains(.uncoveredCells))
    }

    @Test func unreadableConditionsOfDisabledRuleAreErrors() throws {
        let conditions = RuleConditions(json: #"{"states":["TX"]}"#)
        let report = lint([Samples.rule(10, of: nil, to: 2, isActive: false, conditions)])
        #expect(report.findings.map(\.code) == [.unreadable])
        #expect(report.findings.first?.path == "/conditions/states")
    }

    /// A workspace sees findings about its own rules, even if platform rules take leads from them.
    @Test func platformRulesShadowWorkspaceRules() {
        let rules = [
            Samples.rule(10, of: nil, to: 2, priority: 9, .init(industries: ["Tech"])),
            Samples.rule(11, of: 1, to: 1, priority: 5, .init(industries: ["Tech"], countries: ["US"])),
        ]
        #expect(lint(rules, owner: 1).findings.map(\.ruleID) == [Samples.id(11)])
        #expect(lint(rules).findings.isEmpty)
        let whole = RuleLint(
            RuleSetSnapshot(version: 1, workspaces: Self.workspaces, rules: rules, agreements: []),
            for: .administrator
        )
        .report()
        #expect(whole.findings.map(\.code) == [.shadowed])
        #expect(whole.ruleCount == 2)
    }

    @Test func deadFallbackIsReported() {
        let workspaces = Self.workspaces + [Samples.workspace(6, policy: .fallback(Samples.id(4)))]
        #expect(lint([], workspaces: workspaces, owner: 6).findings.map(\.code) == [.deadFallback])
    }

    @Test func findingsOfOneRule() {
        let rules = [
            Samples.rule(10, of: nil, to: 2, priority: 9),
            Samples.rule(11, of: nil, to: 4, priority: 5, .init(industries: ["Tech"])),
        ]
        let lint = RuleLint(
            RuleSetSnapshot(version: 1, workspaces: Self.workspaces, rules: rules, agreements: []),
            for: .administrator
        )
        let report = lint.report(on: nil, about: Samples.id(11))
        #expect(report.findings.map(\.code) == [.pausedDestination, .shadowed])
    }

    @Test func textNamesRuleAndRemedy() {
        let text = lint([Samples.rule(10, of: nil, to: 4, .init(usStates: ["Ontario"]))]).text(names: [:])
        #expect(
            text == """
                Rules of the platform
                  error: “Rule 10” [never-matches] /conditions/us_states
                    No lead matches: “Ontario” is not a state of the United States.
                    → Use the state's code or name; states of other countries go into regions.
                  warning: “Rule 10” [paused-destination] /destinationWorkspaceId
                    The rule is skipped: “Workspace 4” is paused.
                    → Resume the workspace, or leave it: the next rule is tried.

                1 rule of version 7: 1 error, 1 warning, 0 notes.
                """
        )
    }

    /// A report that had to stop says that pairs were not compared, and still finds what concerns single rules.
    @Test func stoppedReportIsMarked() {
        let rules = [
            Samples.rule(10, of: nil, to: 2, priority: 3), Samples.rule(11, of: nil, to: 3, priority: 2),
            Samples.rule(12, of: nil, to: 5, priority: 1),
        ]
        let lint = RuleLint(
            RuleSetSnapshot(version: 1, workspaces: Self.workspaces, rules: rules, agreements: []),
            for: .administrator
        )
        var asked = 0
        let report = lint.report(on: nil) {
            asked += 1
            return asked > 1
        }
        #expect(report.notCompared == 2)
        #expect(report.findings.map(\.code).contains(.inactiveDestination))
        #expect(!report.findings.map(\.code).contains(.shadowed))
        #expect(report.text(names: [:]).contains("Not all pairs of rules were compared"))
        #expect(lint.report(on: nil).notCompared == 0)
    }
}
