import FoundationEssentials
import Postgres
package import RoutingRules

/// The names of workspaces, rules and people, for texts that mention them by their ids.
package struct NameStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The names that the caller may read, of some objects; the row policies decide.
    ///
    /// One statement; none for no objects.
    package func names(of objects: Set<Mentioned>, as access: Access) async throws -> [OwnedName] {
        guard !objects.isEmpty else { return [] }
        var ids: [UUID] = []
        for object in objects {
            switch object {
            case .workspace(let id), .rule(let id), .assignee(let id): ids.append(id)
            }
        }
        return try await session.run(Self.namesOfObjects, ["objects": .uuids(ids)], as: access)
            .map { row in
                let id = try row.uuid(1)
                let object: Mentioned =
                    switch try row.string(0) {
                    case "workspace": .workspace(id)
                    case "rule": .rule(id)
                    default: .assignee(id)
                    }
                return OwnedName(object, try row.string(2), owner: try row.uuidIfPresent(3))
            }
    }

    static let namesOfObjects = Statement(
        "names_of_objects",
        """
        SELECT 'workspace', w.id, w.name::text, w.id FROM public.workspaces w WHERE w.id = ANY (:objects)
        UNION ALL
        SELECT 'rule', r.id, r.rule_name::text, r.workspace_id FROM public.lead_routing_rules r WHERE r.id = ANY (:objects)
        UNION ALL
        SELECT 'assignee', a.id, a.name::text, a.workspace_id FROM public.workspace_assignees a WHERE a.id = ANY (:objects)
        """
    )
}
