import FoundationEssentials
import RoutingRules
import Testing

@testable import LeadRouting

/// Submitting leads: their source workspace, and that one refused lead does not affect the others.
struct LeadSubmissionsTests {
    @Test func workspaceKeySubmitsForItsOwnWorkspaceOnly() async throws {
        try await RoutingFixture.with { fixture in
            let submissions = fixture.useCases().submissions
            func submit(_ workspace: UUID?, _ caller: Caller, _ number: Int) -> SubmittedLead {
                SubmittedLead(lead: Samples.lead(number), workspaceID: workspace)
            }
            let own = try await submissions.submit(submit(Samples.partner, .partner, 1), as: .partner)
            #expect(own.destinationWorkspaceID == Samples.west)
            let foreign = try await refusal {
                try await submissions.submit(submit(Samples.rival, .partner, 2), as: .partner)
            }
            #expect(foreign?.isForbidden == true && foreign?.fields == ["/workspaceId"])
            let nobodys = try await refusal {
                try await submissions.submit(submit(nil, .administrator, 3), as: .administrator)
            }
            #expect(nobodys?.fields == ["/workspaceId"])
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 1)
        }
    }

    @Test(arguments: [true, false]) func refusedLeadKeepsItsPlaceInBatch(isStream: Bool) async throws {
        try await RoutingFixture.with { fixture in
            let submissions = fixture.useCases().submissions
            let sources: [UUID?] = [Samples.partner, .sample(99), nil, Samples.rival, .sample(99), Samples.partner]
            let batch = sources.enumerated()
                .map { SubmittedLead(lead: Samples.lead($0.offset), workspaceID: $0.element) }
            let results =
                if isStream {
                    try await submissions.begin(batch: batch, as: .administrator).outcomes()
                } else {
                    try await submissions.submit(batch: batch, as: .administrator)
                }
            let fields = results.map { result in
                if case .failure(let error) = result { error.fields } else { [] as [String] }
            }
            #expect(fields == [[], ["workspaceId"], ["/workspaceId"], [], ["workspaceId"], []])
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 3)
            let sent = try await fixture.run("SELECT source_workspace_id FROM leads WHERE email LIKE 'person3@%'")
            #expect(sent == [[Samples.rival.text]])
        }
    }

    @Test func importTakesLeadsOfTheCallersWorkspaces() async throws {
        try await RoutingFixture.with { fixture in
            let submissions = fixture.useCases().submissions
            let text = """
                email,industry,workspace
                a@example.com,software,
                b@example.com,software,\(Samples.rival.text)

                """
            func importing(_ workspace: UUID?, as caller: Caller) async throws -> ImportSummary {
                let chunks = AsyncStream<[UInt8]> { stream in
                    stream.yield(Array(text.utf8))
                    stream.finish()
                }
                return try await submissions.importCSV(chunks, from: workspace, as: caller) { _ in }
            }
            let own = try await importing(nil, as: .partner)
            #expect(own.routed == [Samples.west: 1] && own.rejected == 1)
            let foreign = try await refusal { try await importing(Samples.rival, as: .partner) }
            #expect(foreign?.isForbidden == true)
            let all = try await importing(nil, as: .administrator)
            #expect(all.routed == [Samples.west: 1] && all.rejected == 1)
        }
    }

    @Test func directoryResolvesKeysAndServiceRole() async throws {
        try await RoutingFixture.with { fixture in
            let callers = fixture.useCases().callers
            let serviceRole = try await callers.caller(of: "service-role")
            #expect(serviceRole?.id == "service_role" && serviceRole?.isAdministrator == true)
            #expect(try await callers.caller(of: "service-rolf") == nil)
        }
    }
}
