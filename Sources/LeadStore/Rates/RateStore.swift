package import FoundationEssentials
package import Postgres

/// What a node asks of one limit.
package struct RateAsk: Sendable, Hashable {
    /// The subject.
    package var subject: RateSubject
    /// The limit that applies if the database has none for the subject.
    package var usualLimit: Int64
    /// The window in which the node has spent; nil if it has no lease in its window yet.
    package var window: Timestamp?
    /// What the node has spent and not reported.
    package var spent: Int64
    /// The tokens that a waiting request needs.
    package var need: Int64
    /// The tokens that the node wants to hold; 0 gives its lease back.
    package var want: Int64

    /// A question about a subject.
    package init(
        _ subject: RateSubject,
        usualLimit: Int64,
        window: Timestamp? = nil,
        spent: Int64 = 0,
        need: Int64 = 0,
        want: Int64
    ) {
        self.subject = subject
        self.usualLimit = usualLimit
        self.window = window
        self.spent = spent
        self.need = need
        self.want = want
    }
}

/// The answer to a ``RateAsk``.
package struct RateLease: Sendable, Hashable {
    /// The subject.
    package var subject: RateSubject
    /// The beginning of the window.
    package var window: Timestamp
    /// How long the window lasts still.
    package var left: Duration
    /// The limit of the subject.
    package var limit: Int64
    /// The tokens that the node may spend until the lease or the window ends.
    package var tokens: Int64
    /// The tokens that are left for all nodes.
    package var free: Int64

    /// A lease.
    package init(
        subject: RateSubject,
        window: Timestamp,
        left: Duration,
        limit: Int64,
        tokens: Int64,
        free: Int64
    ) {
        self.subject = subject
        self.window = window
        self.left = left
        self.limit = limit
        self.tokens = tokens
        self.free = free
    }
}

/// Tokens of rate limits, which nodes lease (`86_rate_limits.sql`).
package struct RateStore: Sendable {
    /// The connections.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Reports what a node has spent, and replaces its leases, in one statement for all subjects.
    ///
    /// The leases of one limit never exceed it, whatever nodes ask at the same time: each is given under the lock of its
    /// bucket.
    ///
    /// - Parameters:
    ///   - asks: one for each subject.
    ///   - node: the node.
    ///   - seconds: how long the leases last.
    /// - Returns: one lease for each subject.
    /// - Throws: `PostgresError`, if the database fails or does not answer within two seconds.
    package func lease(_ asks: [RateAsk], node: UUID, seconds: Int32) async throws -> [RateLease] {
        guard !asks.isEmpty else { return [] }
        let parameters: Parameters = [
            "node": .uuid(node),
            "policies": .int16s(asks.map(\.subject.policy.rawValue)),
            "subjects": .uuids(asks.map(\.subject.id)),
            "seconds": .int32s(asks.map(\.subject.policy.seconds)),
            "limits": .int64s(asks.map(\.usualLimit)),
            "windows": .timestamps(asks.map(\.window)),
            "spent": .int64s(asks.map(\.spent)),
            "needs": .int64s(asks.map(\.need)),
            "wants": .int64s(asks.map(\.want)),
            "lease": .int64(Int64(seconds)),
        ]
        return try await session.pool.query(Self.leaseTokens, parameters, timeout: .seconds(2))
            .compactMap { row in
                let place = Int(try row.int32(0)) - 1
                guard asks.indices.contains(place) else { return nil }
                return RateLease(
                    subject: asks[place].subject,
                    window: try row.timestamp(1),
                    left: .milliseconds(try row.int64(2)),
                    limit: try row.int64(3),
                    tokens: try row.int64(4),
                    free: try row.int64(5)
                )
            }
    }

    static let leaseTokens = Statement(
        "lease_tokens",
        """
        SELECT l.o_place, l.o_window, l.o_left_ms, l.o_limit, l.o_tokens, l.o_free
        FROM switchyard.lease_tokens(:node, :policies, :subjects, :seconds, :limits, :windows, :spent, :needs, :wants,
            :lease::bigint * interval '1 second') l
        """
    )
}
