import Digests

/// A client's key for a request, so that repeating the request creates no second lead.
///
/// After the IETF's draft “The Idempotency-Key HTTP Header Field”: the same key with the same request is a repetition
/// and gets the first answer; with another request it is an error. Both are stored as SHA-256, because a key may hold
/// anything. A batch has one key, and each of its leads has its own claim, so that repeating a partly stored batch
/// completes it.
package struct IdempotencyClaim: Sendable, Hashable {
    /// 32 bytes of the key and the lead's place in the request.
    package let key: [UInt8]
    /// 32 bytes of the whole request.
    package let request: [UInt8]

    /// The claim of one lead of a request.
    ///
    /// - Parameters:
    ///   - key: the client's key.
    ///   - place: the lead's place in the request, from 0.
    ///   - request: ``digest(of:)`` of the request.
    package init(key: String, place: Int, request: [UInt8]) {
        self.key = SHA256.hash("\(place)\n\(key)")
        self.request = request
    }

    /// The digest of a request's body, which identifies the request.
    package static func digest(of body: [UInt8]) -> [UInt8] { SHA256.hash(body) }
}
