import Inngest
import Testing

@Suite struct SettingsTests {
    private func read(_ values: [String: String]) throws -> InngestSettings {
        try InngestSettings(environment: values)
    }

    @Test func defaultsWithoutVariables() throws {
        let settings = try read(["INNGEST_EVENT_KEY": "", "INNGEST_DEV": ""])
        #expect(settings.mode == .cloud)
        #expect(!settings.drivesSchedule && !settings.sendsEvents)
        #expect(settings.apiOrigin == "https://api.inngest.com")
        #expect(settings.eventOrigin == "https://inn.gs")
        #expect(settings.path == "/api/inngest")
    }

    @Test func keysEnableScheduleAndEvents() throws {
        #expect(try read(["INNGEST_SIGNING_KEY": "signkey-prod-12345678"]).drivesSchedule)
        let settings = try read(["INNGEST_EVENT_KEY": "abc"])
        #expect(settings.sendsEvents && !settings.drivesSchedule)
    }

    @Test(arguments: ["1", "true", "http://localhost:9999"])
    func devModeUsesDevServer(value: String) throws {
        let settings = try read(["INNGEST_DEV": value])
        #expect(settings.mode == .dev && settings.drivesSchedule && settings.sendsEvents)
        let origin = value.hasPrefix("http") ? value : "http://localhost:8288"
        #expect(settings.apiOrigin == origin && settings.eventOrigin == origin)
    }

    @Test(arguments: ["0", "false", ""])
    func devModeIsOffByDefault(value: String) throws {
        #expect(try read(["INNGEST_DEV": value]).mode == .cloud)
    }

    @Test func specificAddressOverridesGeneral() throws {
        let settings = try read([
            "INNGEST_BASE_URL": "https://inngest.example.com/", "INNGEST_API_BASE_URL": "http://api:1",
        ])
        #expect(settings.apiOrigin == "http://api:1")
        #expect(settings.eventOrigin == "https://inngest.example.com")
    }

    @Test(arguments: [
        ("INNGEST_SIGNING_KEY", "secret"), ("INNGEST_EVENT_KEY", "a/b"), ("INNGEST_DEV", "perhaps"),
        ("INNGEST_BASE_URL", "nowhere"), ("INNGEST_API_BASE_URL", "https://example.com/path"),
        ("INNGEST_EVENT_API_BASE_URL", "ftp://x"), ("INNGEST_SERVE_ORIGIN", "https://user@host"),
        ("INNGEST_SERVE_PATH", "api/inngest"), ("INNGEST_ENV", "two words"),
        ("INNGEST_SIGNING_KEY_FALLBACK", "signkey-prod-12345678"),
    ])
    func invalidValueIsNamedButNotRepeated(name: String, value: String) {
        let error = #expect(throws: InngestSettingsError.self) { try InngestSettings(environment: [name: value]) }
        #expect(error?.name == name)
        #expect(error?.description.hasPrefix(name + " ") == true)
        #expect(error?.problem.contains(value) == false)
    }
}
