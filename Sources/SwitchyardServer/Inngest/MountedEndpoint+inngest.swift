import Inngest
import JSON
import LeadRouting
import Outbound
import RoutingRules
import Web

extension MountedEndpoint {
    /// `/api/inngest`: Inngest's protocol, and events that an administrator sends.
    static func inngest(_ endpoint: InngestEndpoint) -> MountedEndpoint {
        MountedEndpoint(path: InngestSettings.defaultPath, methods: ["GET", "PUT", "POST"]) { request in
            let incoming = InngestRequest(
                method: request.method,
                query: request.query,
                headers: request.headers.map { HeaderField($0.name, $0.value) },
                body: request.body
            )
            guard request.method == "POST", request.query["fnId"] == nil else {
                return Answer(await endpoint.answer(incoming))
            }
            if !endpoint.isFromInngest(incoming) { try await request.requireAdministrator(.routingWrite) }
            do throws(InngestEndpoint.Refusal) {
                let result = try await endpoint.trigger(request.body)
                return Answer(status: 200, headers: [("Content-Type", "application/json")], body: result.bytes)
            } catch {
                throw RequestError(error)
            }
        }
    }
}

extension MountedEndpoint.Answer {
    fileprivate init(_ response: InngestResponse) {
        self.init(
            status: response.status,
            headers: response.headers.map { (name: $0.name, value: $0.value) },
            body: response.body
        )
    }
}

extension RequestError {
    fileprivate init(_ refusal: InngestEndpoint.Refusal) {
        switch refusal {
        case .notAnEvent:
            self = .invalid([
                FieldProblem(
                    field: "",
                    message: "The body is not an event.",
                    remedy: #"Send {"name": "lead/routing.retry.trigger", "data": {"limit": 100}}."#
                )
            ])
        case .unknownEvent(let known):
            self = .invalid([
                FieldProblem(
                    field: "name",
                    message: "No function is triggered by an event of this name.",
                    remedy: "Valid names: \(known.joined(separator: ", "))."
                )
            ])
        case .failed(let failure) where failure.isRetriable: self = .unavailable(reason: failure.message)
        case .failed(let failure): self = .invalid([FieldProblem(field: "data", message: failure.message)])
        }
    }
}
