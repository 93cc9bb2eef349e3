import FoundationEssentials
import LeadRouting
import RoutingRules
import Testing

@Suite struct LeadColumnsTests {
    @Test(arguments: ["email", "E-Mail", "email_address", " Email Address ", "EMAIL"])
    func recognisesSpellingsOfEmail(name: String) throws {
        let columns = try LeadColumns(header: [name, "x"])
        #expect(columns.lead(["a@example.com", ""]).lead.email == "a@example.com")
    }

    @Test func mapsEveryField() throws {
        let columns = try LeadColumns(header: [
            "First Name", "surname", "e-mail", "Telephone", "Company Name", "Sector", "Employees", "Annual Revenue",
            "Country", "State/Province", "Town", "utm_source", "External ID", "Workspace",
        ])
        let (lead, workspace) = columns.lead((1...14).map(String.init))
        #expect(
            lead
                == Lead(
                    email: "3",
                    phone: "4",
                    firstName: "1",
                    lastName: "2",
                    companyName: "5",
                    industry: "6",
                    companySize: "7",
                    revenue: "8",
                    location: LeadLocation(country: "9", state: "10", city: "11"),
                    source: "12",
                    sourceID: "13"
                )
        )
        #expect(workspace == "14")
        #expect(columns.metadataColumns.isEmpty)
    }

    @Test(arguments: [("latitude", "longitude"), ("Lat", "Lng"), ("LAT.", "lon")])
    func readsCoordinates(_ latitude: String, _ longitude: String) throws {
        let columns = try LeadColumns(header: ["email", latitude, longitude])
        let read = columns.lead(["a@example.com", " 52.52 ", "-13.4"]).lead
        #expect(read.location == LeadLocation(latitude: 52.52, longitude: -13.4))
        #expect(try LeadValidation.validated(read).location == read.location)
        #expect(columns.lead(["a@example.com", "", " "]).lead.location == nil)
        let wrong = columns.lead(["a@example.com", "north", "13"]).lead
        let error = #expect(throws: InvalidLead.self) { try LeadValidation.validated(wrong) }
        #expect(error?.problems.map(\.field) == ["/location/latitude"])
    }

    @Test func unknownColumnsBecomeMetadata() throws {
        let columns = try LeadColumns(header: ["email", "Shoe \"size\"", "", "Email", "", "blank"])
        let (lead, _) = columns.lead(["a@example.com", "44\n", "x", "b@example.com", "y", "  "])
        #expect(lead.email == "a@example.com")
        #expect(lead.metadata == #"{"Shoe \"size\"":"44\n","column_3":"x","Email":"b@example.com","column_5":"y"}"#)
    }

    @Test func headerWithoutIdentityIsRefused() {
        #expect(throws: LeadColumns.Problem.self) { try LeadColumns(header: ["city", "shoe size"]) }
        let data = #expect(throws: LeadColumns.Problem.self) { try LeadColumns(header: ["a@example.com", "555"]) }
        #expect(data?.description.contains("header") == true)
    }

    @Test func findsWorkspacesByIDNameAndShortName() {
        let workspaces = Samples.rules().workspaces.enumerated()
            .map { index, workspace in
                var named = workspace
                named.name = ["West Coast", "East", "East", "Nørd & Co"][index]
                return named
            }
        let names = WorkspaceNames(workspaces)
        #expect(names.find("west coast") == .one(Samples.partner))
        #expect(names.find("West-Coast") == .one(Samples.partner))
        #expect(names.find(Samples.west.text) == .one(Samples.west))
        #expect(names.find("east") == .several)
        #expect(names.find("nørd-co") == .one(Samples.east))
        #expect(names.find("south") == .none)
        #expect(names.find(UUID().text) == .none)
    }
}
