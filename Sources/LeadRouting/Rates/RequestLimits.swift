package import Addresses
import FoundationEssentials
import LeadStore

/// The limits of requests and leads.
///
/// Administrators' keys are not limited, except that the leads which they send count for the leads' workspace. A caller
/// without a workspace's key counts by its address.
package struct RequestLimits: Sendable {
    let limiter: RateLimiter

    /// Counts a request of a caller.
    ///
    /// - Throws: ``RequestError/beyondLimit(_:)``.
    package func admit(_ caller: Caller, from address: IPAddress?) async throws(RequestError) {
        guard let workspace = caller.workspaceID else { return }
        try await admit(from: address)
        if let key = caller.keyID { try await take(1, of: RateSubject(.key, key)) }
        try await take(1, of: RateSubject(.workspace, workspace))
    }

    /// Counts a request of an address.
    ///
    /// - Throws: ``RequestError/beyondLimit(_:)``.
    package func admit(from address: IPAddress?) async throws(RequestError) {
        guard let address else { return }
        try await take(1, of: RateSubject(.address, address.client.uuid))
    }

    /// Counts leads by their workspaces: all, or none if one of the workspaces has not so many left.
    ///
    /// - Throws: ``RequestError/beyondLimit(_:)``.
    func takeLeads(of sources: [UUID: Int]) async throws(RequestError) {
        var taken: [(RateSubject, Int64)] = []
        for (source, count) in sources {
            let subject = RateSubject(.leads, source)
            do throws(RequestError) {
                try await take(Int64(count), of: subject)
                taken.append((subject, Int64(count)))
            } catch {
                for (subject, count) in taken { limiter.giveBack(count, of: subject) }
                throw error
            }
        }
    }

    /// Counts leads of one workspace.
    ///
    /// - Throws: ``RequestError/beyondLimit(_:)``.
    func takeLeads(_ count: Int = 1, of source: UUID) async throws(RequestError) {
        try await take(Int64(count), of: RateSubject(.leads, source))
    }

    /// The limit of a caller's requests that is nearest to its end, and that of its leads, if it has sent any.
    package func readings(for caller: Caller) -> (requests: RateReading, leads: RateReading?)? {
        guard let workspace = caller.workspaceID else { return nil }
        let ofKey = caller.keyID.flatMap { limiter.reading(of: RateSubject(.key, $0)) }
        let ofWorkspace = limiter.reading(of: RateSubject(.workspace, workspace))
        guard let first = ofKey ?? ofWorkspace else { return nil }
        let tightest = ofWorkspace.map { $0.left < first.left ? $0 : first } ?? first
        return (tightest, limiter.reading(of: RateSubject(.leads, workspace)))
    }

    private func take(_ count: Int64, of subject: RateSubject) async throws(RequestError) {
        if await limiter.take(count, of: subject) { return }
        throw .beyondLimit(
            limiter.reading(of: subject) ?? RateReading(policy: subject.policy, limit: 0, left: 0, seconds: 1)
        )
    }
}

extension IPAddress {
    /// Its 128 bits.
    fileprivate var uuid: UUID {
        var bits = (high.bigEndian, low.bigEndian)
        return withUnsafeBytes(of: &bits) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}
