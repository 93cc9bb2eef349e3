import Digests

/// What a client calls a request, so that repeating it makes no second lead.
///
/// After the IETF's draft “The Idempotency-Key HTTP Header Field”: the same key with the same request is a repetition
/// and gets the first answer; with another request it is a mistake. Both are kept as SHA-256, because a key may hold
/// anything. A batch has one key; each of its leads has a claim of its own, so that a batch of which a part was stored
/// is completed by its repetition.
package struct IdempotencyClaim: Sendable, Hashable {
    /// 32 bytes of the key and the lead's place in the request.
    package let key: [UInt8]
    /// 32 bytes of the whole request.
    package let request: [UInt8]

    /// The claim of one lead of a request.
    ///
    /// - Parameters:
    ///   - key: what the client sent.
    ///   - place: the lead's place in the request, from 0.
    ///   - request: ``digest(of:)`` of the request.
    package init(key: String, place: Int, request: [UInt8]) {
        self.key = SHA256.hash("\(place)\n\(key)")
        self.request = request
    }

    /// What tells one request from another: the bytes of its body.
    package static func digest(of body: [UInt8]) -> [UInt8] { SHA256.hash(body) }
}
