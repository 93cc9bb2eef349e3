import FoundationEssentials
import Postgres
import RoutingRules

extension LeadStore {
    /// Reads all fields of leads that have just been claimed: rules may ask about any of them, and a lead is to be
    /// decided by what it was decided by on arrival.
    ///
    /// The functions that claim give the columns that the six lists and identities need. The rest is read by a statement
    /// of its own, after the locks are held, so that it sees what they protect: one round trip for each claim.
    static func complete(_ claimed: inout [ClaimedLead], on connection: PostgresConnection) async throws {
        var parameters = Parameters()
        parameters.append(array: claimed.map { Optional($0.prepared.id) })
        var places: [UUID: Int] = [:]
        for (place, lead) in claimed.enumerated() { places[lead.prepared.id] = place }
        for row in try await connection.query(fieldsOfClaimed, parameters) {
            guard let place = places[try row.uuid(0)] else { continue }
            claimed[place].prepared.lead.firstName = try row.stringIfPresent(1)
            claimed[place].prepared.lead.lastName = try row.stringIfPresent(2)
            claimed[place].prepared.lead.source = try row.stringIfPresent(3)
            claimed[place].prepared.lead.sourceID = try row.stringIfPresent(4)
            claimed[place].prepared.lead.metadata = try row.stringIfPresent(5)
        }
    }

    private static let fieldsOfClaimed = Statement(
        "fields_of_claimed",
        """
        SELECT l.id, l.first_name::text, l.last_name::text, l.source::text, l.source_id::text, l.metadata::text
        FROM public.leads l WHERE l.id = ANY ($1)
        """
    )
}
