import FoundationEssentials
import Postgres

extension SchemaStore {
    /// Acts as the roles that the server's statements run under, and reads a row as each.
    ///
    /// The catalogue's word is not enough: since PostgreSQL 16 a member of a role may neither become it nor use its rights
    /// unless the membership says so, and then every request of a workspace fails, or the server sees no row at all. Costs
    /// two short transactions.
    ///
    /// - Throws: `PostgresError`, if the connection fails or a lock is held; a refusal by the server is a result.
    package func roleChecks() async throws -> [SchemaCheck] {
        [
            try await check("the database user has the rows of service_role") { connection in
                let row = try await connection.query(Self.readAsOwner).first
                guard row != nil else { throw InsufficientMembership("it sees no row of switchyard.rule_set_version") }
            },
            try await check("requests read as authenticated") { connection in
                guard let leads = try await connection.query(Self.someLead).first else { return }
                let (isSecured, lead, workspace) = (
                    try leads.bool(0), try leads.uuidIfPresent(1), try leads.uuidIfPresent(2)
                )
                do {
                    try await StoreSession.become(.workspace(workspace ?? UUID()), on: connection)
                } catch let error as PostgresError where error.isRefusal {
                    throw InsufficientMembership(error.message)
                }
                _ = try await connection.query(Self.readLog)
                // Without row-level security the rights to the table are the installation's own.
                guard isSecured else { return }
                let seen = try await connection.query(Self.readAsWorkspace, ["lead": .uuid(lead)]).first?.bool(0)
                guard lead == nil || seen == true else { throw HiddenLead() }
            },
        ]
    }

    /// Why a request by a workspace's key cannot read leads; nil if it can.
    ///
    /// A table `leads` that Switchyard has not made, without row-level security, has the rights that the installation gave.
    ///
    /// - Throws: as ``roleChecks()``.
    func readingProblem() async throws -> String? {
        do {
            try await session.pool.withTransaction { connection in
                try await StoreSession.become(.workspace(UUID()), on: connection)
                _ = try await connection.query(Self.readAsWorkspace, ["lead": .uuid(nil)])
            }
            return nil
        } catch let error as PostgresError where error.isRefusal {
            return error.message
        }
    }

    /// The membership of a role does not allow what the server needs.
    private struct InsufficientMembership: Error {
        let problem: String

        init(_ problem: String) { self.problem = problem }
    }

    /// A workspace does not see a lead that it sent.
    private struct HiddenLead: Error {}

    /// Runs a trial in a transaction; what it throws is the problem, and so is a refusal by the server.
    private func check(
        _ name: String,
        _ trial: (PostgresConnection) async throws -> Void
    ) async throws -> SchemaCheck {
        do {
            try await session.pool.withTransaction { connection in try await trial(connection) }
            return SchemaCheck(name: name, isOK: true, detail: "")
        } catch let error as InsufficientMembership {
            let grant = try await session.pool.query(Self.grant).first?.string(0) ?? ""
            // The plans that a session has made before keep the policies of then.
            let remedy = "As an administrator, before a restart of the nodes: \(grant)"
            return SchemaCheck(name: name, isOK: false, detail: error.problem, remedy: remedy)
        } catch is HiddenLead {
            return SchemaCheck(name: name, isOK: false, detail: "a workspace does not see its own lead")
        } catch let error as PostgresError where error.isRefusal {
            return SchemaCheck(name: name, isOK: false, detail: error.message)
        }
    }

    static let readAsOwner = Statement("", "SELECT version FROM switchyard.rule_set_version")

    /// Whether leads have row-level security, and, if there is one among some, a lead that its source's key may read.
    static let someLead = Statement(
        "",
        """
        SELECT c.relrowsecurity, l.id, l.source_workspace_id
        FROM pg_catalog.pg_class c
        LEFT JOIN LATERAL (
            SELECT s.id, s.source_workspace_id FROM (SELECT id, source_workspace_id FROM public.leads LIMIT 1000) s
            JOIN public.workspaces w ON w.id = s.source_workspace_id
            WHERE w.deleted_at IS NULL AND w.routing_suspended_at IS NULL LIMIT 1
        ) l ON true
        WHERE c.oid = 'public.leads'::regclass
        """
    )
    static let readLog = Statement("", "SELECT id FROM public.lead_routing_logs LIMIT 1")
    static let readAsWorkspace = Statement(
        "",
        "SELECT count(*) > 0 FROM (SELECT id FROM public.leads WHERE :lead::uuid IS NULL OR id = :lead LIMIT 1) l"
    )
    static let grant = Statement(
        "",
        """
        SELECT format('GRANT anon, authenticated, service_role TO %I', current_user)
            || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END
        """
    )
}

extension PostgresError {
    /// Whether the server refused the statement itself: its rights, names or values, or because policies call each other
    /// without end, as they do where the user does not inherit `service_role`.
    var isRefusal: Bool {
        code == .server && ["22", "3F", "42", "54", "P0"].contains(String((sqlState ?? "").prefix(2)))
    }
}
