import JSON
import Outbound
import Testing

@testable import Inngest

@Suite struct RegistrationTests {
    static let functions =
        #"[{"id":"app-clock","name":"clock","triggers":[{"cron":"*/5 * * * *"}],"concurrency":[{"limit":1}],"#
        + #""steps":{"step":{"id":"step","name":"step","retries":{"attempts":2},"runtime":{"type":"http","#
        + #""url":"https://leads.example/api/inngest?fnId=app-clock&stepId=step"}}}},"#
        + #"{"id":"app-listener","name":"listener","triggers":[{"event":"lead/asked"}],"#
        + #""steps":{"step":{"id":"step","name":"step","runtime":{"type":"http","#
        + #""url":"https://leads.example/api/inngest?fnId=app-listener&stepId=step"}}}}]"#

    @Test func registrationListsFunctions() async throws {
        let server = try TestEndpoint()
        let answer = await server.send(
            "PUT",
            query: ["deployId": "d 1"],
            headers: [HeaderField("X-Inngest-Server-Kind", "cloud")],
            signed: false
        )
        #expect(answer.status == 200)
        #expect(answer.text == #"{"message":"Successfully synced.","modified":true}"#)
        #expect(answer.header("X-Inngest-Sync-Kind") == "out_of_band")
        let request = try #require(server.inngest.requests.first)
        #expect(request.method == "POST")
        #expect(request.url == "https://api.inngest.com/fn/register?deployId=d%201")
        #expect(request.header("X-Inngest-Expected-Server-Kind") == "cloud")
        #expect(request.header("X-Inngest-Req-Version") == "2")
        let expected =
            #"{"url":"https://leads.example/api/inngest","deployType":"ping","appName":"app","#
            + #""sdk":"switchyard/inngest-swift:v1.2.3","v":"0.1","framework":"hummingbird","functions":"#
            + Self.functions + #","capabilities":{"in_band_sync":"v1","trust_probe":"v1"}}"#
        #expect(String(decoding: request.body, as: UTF8.self) == expected)
    }

    @Test func registrationFallsBackToSecondKey() async throws {
        let inngest = FakeInngest([.init(status: 401)])
        let server = try TestEndpoint(
            [
                "INNGEST_SIGNING_KEY": TestEndpoint.key, "INNGEST_SIGNING_KEY_FALLBACK": "signkey-test-00ff",
                "INNGEST_SERVE_ORIGIN": "https://leads.example", "INNGEST_ENV": "branch",
            ],
            inngest: inngest
        )
        #expect(await server.send("PUT").status == 200)
        #expect(Set(inngest.requests.map { $0.header("Authorization") }).count == 2)
        #expect(inngest.requests.allSatisfy { $0.header("X-Inngest-Env") == "branch" })
    }

    @Test func registrationPassesOnRefusal() async throws {
        let inngest = FakeInngest(usual: .init(status: 400, json: ["error": "bad cron"]))
        let answer = try await TestEndpoint(inngest: inngest).send("PUT")
        #expect(answer.status == 500)
        #expect(answer.json?["message"] == "Inngest returned status 400: bad cron")
        #expect(answer.json?["modified"] == false)
        #expect(try await TestEndpoint(inngest: FakeInngest([nil])).send("PUT").status == 500)
    }

    @Test func unsignedRegistrationIsRefusedOutsideDevMode() async throws {
        let host = [HeaderField("Host", "elsewhere.example")]
        let server = try TestEndpoint(["INNGEST_SIGNING_KEY": TestEndpoint.key])
        #expect(await server.send("PUT", headers: host, signed: false).status == 401)
        #expect(server.inngest.requests.isEmpty)
        #expect(await server.send("PUT", headers: host).status == 200)
        #expect(server.inngest.requests.first?.json?["url"] == "http://elsewhere.example/api/inngest")
        let dev = try TestEndpoint(["INNGEST_DEV": "1"])
        #expect(await dev.send("PUT", headers: host, signed: false).status == 200)
        #expect(dev.inngest.requests.first?.header("Authorization") == nil)
        let without = try TestEndpoint([:])
        #expect(await without.send("PUT", headers: host, signed: false).status == 404)
        #expect(without.inngest.requests.isEmpty)
    }

    @Test func inBandRegistrationRespondsWithFunctions() async throws {
        let server = try TestEndpoint()
        let headers = [HeaderField("X-Inngest-Sync-Kind", "in_band")]
        let body: JSONValue = ["url": "https://other.example/api/inngest?deployId=1"]
        #expect(await server.send("PUT", headers: headers, body, signed: false).status == 401)
        let answer = await server.send("PUT", headers: headers, body)
        #expect(answer.status == 200 && server.inngest.requests.isEmpty)
        #expect(answer.header("X-Inngest-Sync-Kind") == "in_band" && answer.header("X-Inngest-Signature") != nil)
        #expect(
            answer.json?.members?.map(\.key) == [
                "app_id", "framework", "functions", "inspection", "sdk_author", "sdk_language", "sdk_version", "url",
            ]
        )
        #expect(answer.json?["url"] == "https://leads.example/api/inngest")
        #expect(answer.text.contains(#""functions":"# + Self.functions))
        #expect(answer.json?["inspection"]?["authentication_succeeded"] == true)
    }

    @Test func introspectionDependsOnSignature() async throws {
        let server = try TestEndpoint()
        let plain = await server.send("GET", signed: false)
        let unsigned =
            #""capabilities":{"in_band_sync":"v1","trust_probe":"v1"},"function_count":2,"has_event_key":false,"#
            + #""has_signing_key":true,"has_signing_key_fallback":false,"mode":"cloud","schema_version":"2024-05-24"}"#
        #expect(plain.status == 200 && plain.text == #"{"authentication_succeeded":null,"# + unsigned)
        #expect(plain.header("X-Inngest-Signature") == nil)
        let wrong = await server.send("GET", with: "signkey-test-00")
        #expect(wrong.text == #"{"authentication_succeeded":false,"# + unsigned)
        let signed = await server.send("GET")
        #expect(signed.json?["authentication_succeeded"] == true && signed.json?["app_id"] == "app")
        #expect(signed.json?["signing_key_hash"]?.string == SigningKey(TestEndpoint.key)?.hash)
        #expect(signed.json?["event_key_hash"] == .null)
        #expect(signed.json?["serve_origin"] == "https://leads.example")
        #expect(signed.json?.members?.count == 20)
        let dev = try await TestEndpoint(["INNGEST_DEV": "1"]).send("GET", signed: false)
        #expect(dev.json?["mode"] == "dev" && dev.json?["has_signing_key"] == false)
        let bare = try await TestEndpoint([:]).send("GET", signed: false)
        #expect(bare.json?["mode"] == "cloud" && bare.json?["has_signing_key"] == false)
    }
}
