import Outbound

extension HTTPTransport {
    /// Sends a request whose response means by its status whether it was accepted.
    ///
    /// - Throws: ``DeliveryFailure``.
    func deliver(_ request: OutboundRequest) async throws {
        let response: OutboundResponse
        do {
            response = try await send(request)
        } catch {
            throw DeliveryFailure("no answer (\((error as? OutboundError)?.description ?? "\(type(of: error))"))")
        }
        switch response.status {
        case 200..<300: return
        case 408, 425, 429, 500...: throw DeliveryFailure("status \(response.status)")
        default: throw DeliveryFailure("refused with status \(response.status)", isWorthRepeating: false)
        }
    }
}
