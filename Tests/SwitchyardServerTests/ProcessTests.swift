import FoundationEssentials
import Testing

@testable import SwitchyardServer

/// The server's use of the process and the machine.
struct ProcessTests {
    @Test
    func nodesOfOneMachineHaveDifferentNames() {
        let names = [NodeName.make(), NodeName.make()]
        #expect(names[0] != names[1])
        #expect(names.allSatisfy { $0.hasPrefix(NodeName.host() + "/") })
    }

    @Test
    func connectionsAreLimitedByOpenFiles() throws {
        #expect(try DescriptorLimit.connections(limit: 65536, usual: 10_000, database: 8) == 10_000)
        #expect(try DescriptorLimit.connections(limit: 1024, usual: 10_000, database: 8) == 916)
        let error = #expect(throws: CommandError.self) {
            try DescriptorLimit.connections(limit: 128, usual: 10_000, database: 8)
        }
        #expect(error?.remedy?.contains("ulimit -n") == true)
    }

    @Test
    func nonLocalPortIsRefused() {
        let error = #expect(throws: CommandError.self) { try PortProbe.check(host: "192.0.2.1", port: 8080) }
        #expect(error?.remedy?.contains("HOST") == true)
    }

    @Test
    func privateFileIsReadableByOwnerOnly() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/new/key"
        try PrivateFile.write("one\n", to: path)
        try PrivateFile.write("two\n", to: path)
        #expect(try folder.text("new/key") == "two\n")
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test
    func allWaitersReceivePort() async {
        let listening = ListeningPort()
        async let first = listening.value
        async let second = listening.value
        listening.resolve(8080)
        listening.resolve(nil)
        #expect(await first == 8080)
        #expect(await second == 8080)
        #expect(await listening.value == 8080)
    }
}
