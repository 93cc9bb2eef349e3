import Addresses
import CLibCurl

extension Transfer {
    /// Has each address checked before it is connected to, and that of a kept connection before it is used again.
    ///
    /// - Parameter addresses: the addresses that may be connected to; nil for a transfer that goes through a proxy, and
    ///   so connects to the proxy alone.
    /// - Throws: ``OutboundError`` if libcurl does not take it.
    func guardConnections(by addresses: AddressGuard?) throws(OutboundError) {
        self.addresses = addresses ?? .operatorDestinations
        try check(
            switchyard_curl_guard_connections(
                easy,
                { context, _, address in
                    guard let context, let address else { return -1 }
                    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().open(address)
                },
                { context, address, _, _, _ in
                    guard let context else { return switchyard_curl_refuse }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    return transfer.mayUse(address) ? switchyard_curl_use : switchyard_curl_refuse
                },
                Unmanaged.passUnretained(self).toOpaque()
            )
        )
    }

    /// Makes the socket for an address; -1, upon which libcurl tries the host's next address, if it is refused.
    private func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let socket = switchyard_curl_address(address)
        let isAllowed =
            addresses == .operatorDestinations
            || socket.flatMap { IPAddress(socket: $0, length: Int(address.pointee.addrlen)) }.map(addresses.allows)
                == true
        guard isAllowed else {
            hasRefusedAddress = true
            return -1
        }
        hasOpenedSocket = true
        return switchyard_curl_new_socket(address)
    }

    /// Whether the connection to an address may be used; it may have been made for another request.
    private func mayUse(_ address: UnsafeMutablePointer<CChar>?) -> Bool {
        if addresses == .operatorDestinations { return true }
        guard let address, let parsed = IPAddress(String(cString: address)), addresses.allows(parsed) else {
            hasRefusedAddress = true
            return false
        }
        return true
    }

    /// The error of a transfer that ended because no address of its host may be connected to; nil for another end.
    func refusal(_ code: CURLcode) -> OutboundError? {
        guard hasRefusedAddress,
            code == CURLE_ABORTED_BY_CALLBACK || (code == CURLE_COULDNT_CONNECT && !hasOpenedSocket)
        else { return nil }
        return .refusedAddress
    }
}

extension OutboundError {
    /// The error of a destination that may not be connected to; it does not say which address the name has.
    static let refusedAddress = OutboundError(
        .addressRefused,
        "the host is in a private or reserved network",
        isRetriable: false
    )
}
