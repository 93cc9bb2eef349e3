import Accounts
package import Addresses
import Digests
package import FoundationEssentials
package import LeadStore
import RoutingRules

/// Sign-in, and what a local user may do with the user's own sessions and password.
package struct SessionRequests: Sendable {
    let stores: Stores
    let passwords: PasswordHasher
    let failures: FailedKeys
    let limiter: RateLimiter
    let directory: SessionDirectory

    /// A new session, with its secret.
    package struct SignedIn: Sendable {
        /// The session.
        package let session: UserSession
        /// Its secret, shown only now.
        ///
        /// Keep it out of logs.
        package let token: String
        /// The user.
        package let userID: UUID
    }

    private static let wrong = RequestError.wrongCredentials("The email address or the password is wrong.")
    private static let wrongCode = RequestError.wrongCredentials("The code is wrong, or was used before.")

    /// Signs a user in.
    ///
    /// An address that is no user's, a disabled user and a wrong password are answered alike, after the same work.
    /// Failures are counted by client address, and by email address over all nodes.
    ///
    /// - Parameters:
    ///   - text: the email address.
    ///   - password: the password.
    ///   - code: the code of the second factor, or a recovery code; nil for none.
    ///   - address: the client's address, if known.
    ///   - client: the client's name of itself.
    /// - Returns: the session.
    /// - Throws: ``RequestError``: `.wrongCredentials`, `.secondFactorRequired`, `.tooManyWrongKeys`, `.beyondLimit`.
    package func signIn(
        _ text: String,
        password: String,
        code: String?,
        from address: IPAddress?,
        client: String?
    ) async throws -> SignedIn {
        let email = AccountText.email(text)
        let record = try await attempt(email ?? text, from: address) { () -> SignInRecord in
            let record = try await mappingErrors {
                if let email { try await stores.users.signIn(email: email) } else { nil as SignInRecord? }
            }
            return try await check(record, password: password, code: code)
        }
        let token = SecretToken.random(.session)
        let session = try await mappingErrors {
            try await stores.acting(as: "user:" + record.id.text).sessions
                .create(
                    id: UUID.new(),
                    of: record.id,
                    epoch: record.sessionEpoch,
                    hash: token.hash,
                    address: address,
                    client: client.map { String($0.unicodeScalars.prefix(200).map(Character.init)) }
                )
        }
        guard let session else { throw Self.wrong }
        return SignedIn(session: session, token: token.text, userID: record.id)
    }

    /// Ends the session of the request.
    ///
    /// - Throws: ``RequestError``; `.forbidden` for a caller without a session here.
    package func signOut(_ identity: Identity) async throws {
        let (person, session) = try Self.own(identity)
        try await mappingErrors {
            _ = try await stores.acting(as: person.id).sessions.end(session, of: person.claims.subject)
        }
        directory.forget()
    }

    /// Ends all sessions of the user.
    ///
    /// - Throws: ``RequestError``, as ``signOut(_:)``.
    package func signOutEverywhere(_ identity: Identity) async throws {
        let (person, _) = try Self.own(identity)
        try await mappingErrors {
            try await stores.acting(as: person.id).sessions.endAll(of: person.claims.subject)
        }
        directory.forget()
    }

    /// The sessions of the user, newest first, and which of them the request has.
    ///
    /// - Throws: ``RequestError``, as ``signOut(_:)``.
    package func list(_ identity: Identity) async throws -> (sessions: [UserSession], current: UUID) {
        let (person, session) = try Self.own(identity)
        return try await mappingErrors {
            (try await stores.sessions.list(of: person.claims.subject), session)
        }
    }

    /// Ends one session of the user.
    ///
    /// - Throws: ``RequestError``, as ``signOut(_:)``; `.notFound`.
    package func end(_ id: UUID, _ identity: Identity) async throws {
        let (person, _) = try Self.own(identity)
        try await mappingErrors {
            guard try await stores.acting(as: person.id).sessions.end(id, of: person.claims.subject) else {
                throw RequestError.notFound("You have no such session.")
            }
        }
        directory.forget()
    }

    /// Changes the user's password, which ends all other sessions.
    ///
    /// - Throws: ``RequestError``, as ``signOut(_:)``; `.wrongCredentials` for a wrong old one, `.invalid`.
    package func changePassword(
        _ identity: Identity,
        from old: String,
        to new: String,
        address: IPAddress?
    ) async throws {
        let (person, session) = try Self.own(identity)
        try Self.checkNew(new, of: person.claims.email)
        let record = try await confirm(person, password: old, from: address)
        let hash = try await passwords.hash(new)
        try await mappingErrors {
            let isChanged = try await stores.acting(as: person.id).users
                .setPassword(record.id, from: record.passwordHash ?? "", to: hash, keeping: session)
            guard isChanged else { throw Self.wrong }
        }
        directory.forget()
    }

    /// Sets a password by a one-time link, and ends all sessions of its user.
    ///
    /// - Parameters:
    ///   - text: the secret of the link.
    ///   - email: the address of the first administrator; nil for any other link.
    ///   - password: the new password.
    ///   - address: the client's address, if known.
    /// - Throws: ``RequestError``: `.wrongCredentials` for a link that is unknown, used or over; `.invalid`.
    package func useLink(_ text: String, email: String?, password: String, from address: IPAddress?) async throws {
        if let seconds = failures.wait(for: address) { throw RequestError.tooManyWrongKeys(retryAfterSeconds: seconds) }
        let wrong = RequestError.wrongCredentials("This link is unknown, used, replaced or over.")
        let token = SecretToken(text, .link)
        let link = try await mappingErrors {
            if let token { try await stores.users.link(of: token.hash) } else { nil as UserLink? }
        }
        guard let token, let link else {
            _ = failures.note(address)
            throw wrong
        }
        let given = try Self.email(of: link, email)
        try Self.checkNew(password, of: given)
        let hash = try await passwords.hash(password)
        try await mappingErrors {
            if let user = link.userID {
                let used = try await stores.acting(as: "user:" + user.text).users.useLink(token.hash, password: hash)
                guard used != nil else { throw wrong }
            } else {
                let id = UUID.new()
                let isMade = try await stores.acting(as: "user:" + id.text).users
                    .useSetup(token.hash, email: given, id: id, workspace: UUID.new(), password: hash)
                guard isMade else { throw wrong }
            }
        }
        directory.forget()
    }

    private static func email(of link: UserLink, _ text: String?) throws(RequestError) -> String {
        if let email = link.email { return email }
        guard let email = text.flatMap(AccountText.email) else {
            throw .invalid([
                FieldProblem(
                    field: "/email",
                    message: "The link of the first administrator needs the administrator's email address.",
                    remedy: "Send the address with which you want to sign in."
                )
            ])
        }
        return email
    }

    // MARK: - Checks

    /// The person and the session of a request.
    static func own(_ identity: Identity) throws(RequestError) -> (person: Person, session: UUID) {
        guard case .person(let person) = identity, let session = person.sessionID else {
            throw .forbidden(
                "This is for users who have signed in with a password.",
                remedy: "Sign in with POST /api/session, and send the session's token."
            )
        }
        return (person, session)
    }

    static func checkNew(_ password: String, of email: String?) throws(RequestError) {
        guard let problem = PasswordRule.problem(password, of: email) else { return }
        throw .invalid([
            FieldProblem(field: "/password", message: problem, remedy: "A sentence of some words is easy to remember.")
        ])
    }

    /// Checks the password of a user who is signed in, under the limits of sign-ins.
    func confirm(_ person: Person, password: String, from address: IPAddress?) async throws -> SignInRecord {
        try await attempt(person.claims.email ?? person.id, from: address) {
            let record = try await mappingErrors { try await stores.users.signIn(id: person.claims.subject) }
            return try await check(record, password: password, code: nil, hasFactor: true)
        }
    }

    /// Runs an attempt under the limits; a failure counts, and a success does not.
    private func attempt(
        _ email: String,
        from address: IPAddress?,
        _ body: () async throws -> SignInRecord
    ) async throws -> SignInRecord {
        if let seconds = failures.wait(for: address) { throw RequestError.tooManyWrongKeys(retryAfterSeconds: seconds) }
        let subject = RateSubject(.signIns, Self.digest(of: email))
        guard await limiter.take(1, of: subject) else {
            throw RequestError.beyondLimit(
                limiter.reading(of: subject) ?? RateReading(policy: .signIns, limit: 0, left: 0, seconds: 60)
            )
        }
        do {
            let record = try await body()
            limiter.giveBack(1, of: subject)
            return record
        } catch let error as RequestError {
            if case .wrongCredentials = error { _ = failures.note(address) } else { limiter.giveBack(1, of: subject) }
            throw error
        } catch {
            limiter.giveBack(1, of: subject)
            throw error
        }
    }

    /// Checks password and code; each address costs one verification, whether or not it is a user's.
    private func check(
        _ record: SignInRecord?,
        password: String,
        code: String?,
        hasFactor: Bool = false
    ) async throws -> SignInRecord {
        let stored = record?.passwordHash.flatMap { PasswordHash($0) }
        let isRight = try await passwords.verify(password, stored ?? passwords.decoy)
        guard isRight, let stored, let record, !record.isDisabled else { throw Self.wrong }
        if !hasFactor, let secret = record.totpSecret {
            guard let code else { throw RequestError.secondFactorRequired }
            try await use(code, secret: secret, of: record)
        }
        if passwords.isOutdated(stored) {
            let hash = try await passwords.hash(password)
            try await mappingErrors {
                try await stores.acting(as: "user:" + record.id.text).users
                    .rehash(record.id, from: stored.text, to: hash)
            }
        }
        return record
    }

    /// Uses a code of the second factor, which is not accepted again.
    private func use(_ code: String, secret: [UInt8], of record: SignInRecord) async throws {
        let users = stores.acting(as: "user:" + record.id.text).users
        let isUsed = try await mappingErrors {
            if let recovery = RecoveryCode(code) {
                return try await users.useRecoveryCode(record.id, hash: recovery.hash)
            }
            let digits = code.filter { $0 != " " }
            let time = TimeCode(secret: secret)
            guard let step = time.step(of: digits, at: record.seconds, after: record.totpStep) else { return false }
            return try await users.useCode(record.id, step: step)
        }
        guard isUsed else { throw Self.wrongCode }
    }

    /// 128 bits of a digest: the subject of a limit holds no address.
    private static func digest(of email: String) -> UUID {
        SHA256.hash(email).withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}
