import FoundationEssentials
import JSON
import RoutingRules
import Synchronization
import Testing

/// Two rule sets over the same leads.
@Suite struct RuleSimulationTests {
    private static let hour: Int64 = 3_600_000_000

    private func snapshot(_ rules: [RoutingRule], workspaces: [Workspace]? = nil) -> RuleSetSnapshot {
        RuleSetSnapshot(
            version: 5,
            workspaces: workspaces ?? (1...3).map { Samples.workspace($0) },
            rules: rules,
            agreements: []
        )
    }

    private func leads(_ industries: [String?], every step: Int64 = hour) -> [SimulatedLead] {
        industries.enumerated()
            .map { number, industry in
                SimulatedLead(
                    id: Samples.id(1000 + number),
                    lead: Lead(industry: industry),
                    source: Samples.id(1),
                    time: Int64(number) * step
                )
            }
    }

    @Test func changesAreCountedAndNamed() throws {
        let live = snapshot([
            Samples.rule(10, of: nil, to: 2, priority: 2, .init(industries: ["Tech"])),
            Samples.rule(11, of: nil, to: 3, priority: 1, .init(industries: ["Law"])),
        ])
        let draft = snapshot([
            Samples.rule(10, of: nil, to: 3, priority: 2, .init(industries: ["Tech"])),
            Samples.rule(12, of: nil, to: 2, priority: 1, .init(industries: ["Food"])),
        ])
        var simulation = RuleSimulation(live: live, draft: draft, sampleSize: 2, for: .administrator)
        simulation.add(leads(["Tech", "Tech", "Tech", "Law", "Food", nil]))
        simulation.skipDuplicates(4)
        let report = simulation.finished()
        #expect(report.leadCount == 6 && report.duplicateCount == 4)
        #expect(report.unchanged == 1 && report.moved == 3 && report.newlyUnmatched == 1 && report.newlyMatched == 1)
        let first = try #require(report.moves.first)
        #expect(first.from == .routed(Samples.id(2)) && first.to == .routed(Samples.id(3)))
        #expect(first.count == 3 && first.sample == [Samples.id(1000), Samples.id(1001)])
        let third = try #require(report.workspaces.first { $0.id == Samples.id(3) })
        #expect(third.live == 1 && third.draft == 3 && third.movedIn == 3 && third.movedOut == 1)
        let rule = try #require(report.rules.first { $0.id == Samples.id(10) })
        #expect(rule.live == 3 && rule.draft == 3)
        #expect(report.rules.first { $0.id == Samples.id(12) }?.live == nil)
        #expect(report.leads.count == 6)
        #expect(report.period == 0...(5 * Self.hour))
    }

    @Test func capsFillPerPeriod() throws {
        var capped = Samples.workspace(2)
        capped.capacity = WorkspaceCapacity(timeZone: "Europe/Berlin", caps: [Cap(per: .day, limit: 2)])
        let rules = [
            Samples.rule(10, of: nil, to: 2, priority: 2, .init(industries: ["Tech"])),
            Samples.rule(11, of: nil, to: 3, priority: 1, .init(industries: ["Tech", "Law"])),
        ]
        let day = 24 * Self.hour
        let clock = SimulatedClock(
            windows: [
                .init(timeZone: "Europe/Berlin", period: .day): [-Self.hour, day - Self.hour, 2 * day - Self.hour]
            ],
            offsets: [:]
        )
        let live = snapshot(rules, workspaces: [Samples.workspace(1), Samples.workspace(2), Samples.workspace(3)])
        let draft = snapshot(rules, workspaces: [Samples.workspace(1), capped, Samples.workspace(3)])
        var simulation = RuleSimulation(live: live, draft: draft, windows: clock, for: .administrator)
        // 48 leads, one an hour: the third of each day in Berlin finds it full.
        let all = leads(Array(repeating: "Tech", count: 48))
        simulation.add(Array(all.prefix(7)))
        simulation.add(Array(all.dropFirst(7)))
        let report = simulation.finished()
        // Days of Berlin begin at 23:00 UTC: hours 0–22, 23–46 and 47.
        #expect(report.workspaces.first { $0.id == Samples.id(2) }?.draft == 5)
        let cap = try #require(report.caps.first)
        #expect(cap.limit == 2 && cap.draftWindows == 2 && cap.draftFirst == Self.hour && cap.liveFirst == nil)
        #expect(report.moved == 43)
    }

    @Test func hoursFollowTheWorkspaceTimeZone() throws {
        let settings = try #require(
            JSONValue(
                json: #"{"timeZone":"Asia/Tokyo","hours":{"thu":[["09:00","17:00"]],"fri":[["09:00","17:00"]]}}"#
            )
        )
        var open = Samples.workspace(2)
        open.capacity = WorkspaceCapacity(settings)
        let rules = [Samples.rule(10, of: nil, to: 2)]
        let draft = snapshot(rules, workspaces: [Samples.workspace(1), open])
        let clock = SimulatedClock(
            windows: [:],
            offsets: ["Asia/Tokyo": [.init(from: -Self.hour, offset: 9 * Self.hour)]]
        )
        var simulation = RuleSimulation(live: snapshot(rules), draft: draft, windows: clock, for: .administrator)
        // 1 January 1970 was a Thursday; 00:00 UTC is 09:00 in Tokyo.
        simulation.add(leads(Array(repeating: nil, count: 24)))
        #expect(simulation.finished().newlyUnmatched == 16)
    }

    @Test func textListsChanges() {
        let live = snapshot([Samples.rule(10, of: nil, to: 2, .init(industries: ["Tech"]))])
        var simulation = RuleSimulation(live: live, draft: snapshot([]), for: .administrator)
        simulation.add(leads(["Tech", "Law"]))
        var report = simulation.finished()
        report.draftName = "the stored draft"
        let names = [Samples.id(1): "One", Samples.id(2): "Two"]
        let text = report.text(names: names) { "t\($0)" }
        #expect(text.hasPrefix("2 leads under the current rules (version 5) and under the stored draft."))
        #expect(text.contains("1  “Two” → unmatched, kept in “One”"))
        #expect(text.contains("newly unmatched"))
    }

    @Test func simulationStopsBetweenLeads() {
        let rules = snapshot([Samples.rule(10, of: nil, to: 2, .init(industries: ["Tech"]))])
        let asked = Mutex(0)
        var simulation = RuleSimulation(live: rules, draft: rules, for: .administrator) {
            asked.withLock { asked in
                asked += 1
                return asked > 50
            }
        }
        simulation.add(leads(Array(repeating: "Tech", count: 200)))
        #expect(simulation.isStopped)
        #expect((1..<60).contains(simulation.leadCount))
    }
}
