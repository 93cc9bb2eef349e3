import JSON
package import Outbound

/// Asks things of Inngest's API.
package struct InngestClient: Sendable {
    /// Why the API did not do what it was asked for.
    package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The status that it answered with; nil if it did not answer.
        package let status: Int?
        /// What it said, shortened.
        package let message: String

        package var description: String {
            status.map { "Inngest answered with \($0): \(message)" } ?? "Inngest did not answer: \(message)"
        }
    }

    /// How many bytes a response of the API may have: a run's events and steps are in it.
    private static let longestResponse = 16 << 20

    let app: InngestApp
    let settings: InngestSettings
    private let transport: any HTTPTransport

    /// A client.
    package init(app: InngestApp, settings: InngestSettings, transport: any HTTPTransport) {
        self.app = app
        self.settings = settings
        self.transport = transport
    }

    /// Tells Inngest where we are and what there is to call.
    ///
    /// - Parameters:
    ///   - registration: what to tell.
    ///   - deployID: the deployment that the request to register came with.
    ///   - serverKind: the kind of server that asked for it; another kind refuses.
    /// - Returns: whether anything is new to Inngest.
    /// - Throws: ``Failure``.
    func register(
        _ registration: Registration,
        deployID: String? = nil,
        serverKind: String? = nil
    ) async throws(Failure) -> Bool {
        // Inngest takes an app without functions, and then calls none.
        guard !registration.functions.isEmpty else {
            throw Failure(status: nil, message: "There are no functions to register.")
        }
        var path = "/fn/register"
        if let deployID { path += "?deployId=" + Self.escape(deployID) }
        let extra = serverKind.map { [HeaderField("X-Inngest-Expected-Server-Kind", $0)] } ?? []
        let answer = try await ask("POST", path, headers: extra, body: registration.json.bytes)
        return answer["modified"]?.bool ?? false
    }

    /// The events that a run was called for, when there are too many for the call.
    func events(ofRun run: String) async throws(Failure) -> [JSONValue] {
        let answer = try await ask("GET", "/v0/runs/\(Self.escape(run))/batch")
        guard let events = answer.array else { throw Failure(status: 200, message: "the events are no list") }
        return events
    }

    /// What is kept of a run's steps, when it is too much for the call.
    func steps(ofRun run: String) async throws(Failure) -> JSONValue {
        let answer = try await ask("GET", "/v0/runs/\(Self.escape(run))/actions")
        guard answer.members != nil else { throw Failure(status: 200, message: "the steps are no object") }
        return answer
    }

    /// Asks with one key, and with the other if the first is refused.
    private func ask(
        _ method: String,
        _ path: String,
        headers extra: [HeaderField] = [],
        body: [UInt8] = []
    ) async throws(Failure) -> JSONValue {
        var headers = app.headers(environment: settings.environmentName) + extra
        if !body.isEmpty { headers.append(HeaderField("Content-Type", "application/json")) }
        let bearers = settings.signingKeys.all.map { [HeaderField("Authorization", "Bearer " + $0.bearer)] }
        var refusal = Failure(status: nil, message: "There is no way to ask.")
        for bearer in bearers.isEmpty ? [[]] : bearers {
            let response: OutboundResponse
            do {
                response = try await transport.send(
                    OutboundRequest(
                        method,
                        settings.apiOrigin + path,
                        headers: headers + bearer,
                        body: body,
                        responseBody: .upTo(bytes: Self.longestResponse),
                        timeout: .seconds(15)
                    )
                )
            } catch {
                throw Failure(status: nil, message: "\(error)")
            }
            let answer = try? InngestJSON.value(of: response.body)
            if 200..<300 ~= response.status {
                guard let answer else { throw Failure(status: response.status, message: "the answer is not JSON") }
                return answer
            }
            let said = answer?["error"]?.string ?? answer?["message"]?.string ?? "no reason given"
            refusal = Failure(status: response.status, message: String(said.prefix(300)))
            guard response.status == 401 || response.status == 403 else { throw refusal }
        }
        throw refusal
    }

    /// Text as a part of an address.
    static func escape(_ text: String) -> String {
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                escaped.append(byte)
            default: escaped += ("%" + Hexadecimal.encode([byte]).uppercased()).utf8
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
