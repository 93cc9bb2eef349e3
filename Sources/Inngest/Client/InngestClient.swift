import JSON
package import Outbound

/// A client of Inngest's API.
package struct InngestClient: Sendable {
    /// Why a request to the API failed.
    package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The status of the answer; nil without an answer.
        package let status: Int?
        /// The error message, shortened.
        package let message: String

        package var description: String {
            status.map { "Inngest returned status \($0): \(message)" } ?? "Inngest did not answer: \(message)"
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

    /// Registers the app's address and functions with Inngest.
    ///
    /// - Parameters:
    ///   - registration: the registration.
    ///   - deployID: the deployment of the request to register.
    ///   - serverKind: the kind of server that requested it; another kind refuses.
    /// - Returns: whether the registration changed anything.
    /// - Throws: ``Failure``.
    func register(
        _ registration: Registration,
        deployID: String? = nil,
        serverKind: String? = nil
    ) async throws(Failure) -> Bool {
        // Inngest accepts an app without functions, and then calls none.
        guard !registration.functions.isEmpty else {
            throw Failure(status: nil, message: "The app has no functions to register.")
        }
        var path = "/fn/register"
        if let deployID { path += "?deployId=" + Self.escape(deployID) }
        let extra = serverKind.map { [HeaderField("X-Inngest-Expected-Server-Kind", $0)] } ?? []
        let answer = try await ask("POST", path, headers: extra, body: registration.json.bytes)
        return answer["modified"]?.bool ?? false
    }

    /// The events of a run, if the call was too large to include them.
    func events(ofRun run: String) async throws(Failure) -> [JSONValue] {
        let answer = try await ask("GET", "/v0/runs/\(Self.escape(run))/batch")
        guard let events = answer.array else { throw Failure(status: 200, message: "the events are not a list") }
        return events
    }

    /// The step results of a run, if the call was too large to include them.
    func steps(ofRun run: String) async throws(Failure) -> JSONValue {
        let answer = try await ask("GET", "/v0/runs/\(Self.escape(run))/actions")
        guard answer.members != nil else { throw Failure(status: 200, message: "the steps are not an object") }
        return answer
    }

    /// Sends a request with one key, and with the other if the first is refused.
    private func ask(
        _ method: String,
        _ path: String,
        headers extra: [HeaderField] = [],
        body: [UInt8] = []
    ) async throws(Failure) -> JSONValue {
        var headers = app.headers(environment: settings.environmentName) + extra
        if !body.isEmpty { headers.append(HeaderField("Content-Type", "application/json")) }
        let bearers = settings.signingKeys.all.map { [HeaderField("Authorization", "Bearer " + $0.bearer)] }
        var refusal = Failure(status: nil, message: "No signing key is set.")
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

    /// A text escaped for a URL.
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
