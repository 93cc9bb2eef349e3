import Addresses
import Glibc

extension IPAddress {
    /// The address in a socket's address; nil for another family, and for an IPv4 address in the form of IPv6.
    ///
    /// - Parameters:
    ///   - address: the socket's address, in network order.
    ///   - length: its bytes.
    init?(socket address: UnsafeRawPointer, length: Int) {
        guard length >= MemoryLayout<sa_family_t>.size else { return nil }
        switch Int32(address.loadUnaligned(as: sa_family_t.self)) {
        // The port comes first, and for IPv6 a flow label as well.
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            self.init(v4: UInt32(bigEndian: address.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            self.init(bytes: UnsafeRawBufferPointer(start: address + 8, count: 16))
            // No name needs it, and routes to it depend on the system.
            if isV4 { return nil }
        default: return nil
        }
    }
}
