import Testing

@testable import Postgres

struct ErrorTextTests {
    @Test(arguments: [
        ("22P02", #"invalid input syntax for type uuid: "jane@example.com""#),
        ("22003", #"value "4915112345678" is out of range for type integer"#),
        ("22001", "value too long for type character varying(10): jane@example.com"),
        ("P0001", "lead jane@example.com is spoilt"),
        ("XX000", "unexpected jane@example.com"),
        ("SW042", "our own about jane@example.com"),
    ])
    func hidesTextsWithValues(state: String, text: String) {
        let message = PostgresError.message(state: state, primary: text)
        #expect(!message.contains("jane"))
        #expect(!message.contains("4915"))
    }

    @Test func keepsTextsWithObjectNames() {
        let text = #"relation "leads" does not exist"#
        #expect(PostgresError.message(state: "42P01", primary: text) == text)
    }

    @Test(arguments: [
        ("40001", true), ("40P01", true), ("57P01", true), ("57P03", true), ("53300", true), ("08006", true),
        ("23505", false), ("57014", false), ("42601", false),
    ])
    func transientErrorsAreRecognised(state: String, isTransient: Bool) {
        #expect(PostgresError(.server, sqlState: state, "").isTransient == isTransient)
        #expect(PostgresError(.connectionLost, "").isTransient)
        #expect(!PostgresError(.poolExhausted, "").isTransient)
    }

    @Test(arguments: [
        (
            #"connection to server at "localhost" (::1), port 5432 failed: Connection refused\#n\#tIs the server running?"#,
            "08001", "Connection refused. Is PostgreSQL running there?"
        ),
        (
            #"connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  password authentication failed for user "app""#,
            "28000", "password authentication failed"
        ),
        (
            #"connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  database "nope" does not exist"#,
            "3D000", "Check the name of the database."
        ),
        ("FATAL:  the database system is starting up", "57P03", "Wait"),
        (#"could not translate host name "nowhere" to address: Name or service not known"#, "08001", "Check the host"),
        ("FATAL:  sorry, too many clients already", "53300", "max_connections"),
        ("something in Klingon", "08001", "something in Klingon."),
        ("", "08001", "no reason given"),
    ])
    func unreachableServerHasRemedy(text: String, state: String, expected: String) {
        let error = ConnectFailure(host: "localhost", port: "5432", text: text).error
        #expect(error.code == .cannotConnect)
        #expect(error.sqlState == state)
        #expect(error.message.contains("localhost port 5432"))
        #expect(error.message.contains(expected), "\(error.message)")
    }

    @Test func errorNamesTheRelevantHost() {
        let text = """
            connection to server at "a" (10.0.0.1), port 5432 failed: session is read-only
            connection to server at "b" (10.0.0.2), port 5433 failed: Connection refused
            \tIs the server running on that host and accepting TCP/IP connections?
            """
        let error = ConnectFailure(host: "b", port: "5433", text: text).error
        #expect(error.sqlState == "25006")
        #expect(error.message.contains("a port 5432: session is read-only. None of the hosts accepts writes"))
    }

    @Test func passwordFileIsNamed() {
        let start = #"connection to server at "db" (10.0.0.1), port 5432 failed: "#
        let wrong =
            start
            + "FATAL:  password authentication failed for user \"app\"\npassword retrieved from file \"/run/pgpass\"\n"
        let error = ConnectFailure(host: "db", port: "5432", text: wrong).error
        #expect(error.sqlState == "28000")
        #expect(error.message.contains("db port 5432: password authentication failed"))
        #expect(error.message.contains("from the file /run/pgpass"))
        let none = ConnectFailure(host: "db", port: "5432", text: start + "fe_sendauth: no password supplied").error
        #expect(none.message.contains("chmod 600"))
    }

    @Test(arguments: [
        "postgresql://app:hunter2@hunter3@db/leads", "postgresql://app:hun/ter2@db/leads", "host=db hunter2",
        "postgresql://app:hunter2@db/leads?nonsense=1", "host=db port=hunter2", "postgresql://app:hunter2%zz@db",
    ])
    func connectionStringIsNotQuoted(text: String) throws {
        let error = try #require(throws: PostgresError.self) {
            try PostgresConfiguration(connectionString: text).check()
        }
        #expect(error.code == .configuration)
        #expect(!String(reflecting: error).contains("hun"))
        #expect(!error.description.contains("ter2"))
    }

    @Test(arguments: ["postgresql://app:hunter2@db/leads?sslmoed=require", "host=db sslmoed=require password=hunter2"])
    func unknownParameterIsReported(text: String) throws {
        let error = try #require(throws: PostgresError.self) {
            try PostgresConfiguration(connectionString: text).check()
        }
        #expect(error.message.contains("does not know") && error.message.contains("sslmode"))
        #expect(!error.message.contains("sslmoed") && !error.message.contains("hunter2"))
    }

    @Test(arguments: [
        "", "postgresql:///leads", "postgresql://app@db:5433/leads?sslmode=require", "host=/tmp dbname=leads",
        "host=a,b port=1,2 target_session_attrs=read-write", "service=leads", "host=@abstract",
    ])
    func acceptsLibpqStrings(text: String) throws {
        try PostgresConfiguration(connectionString: text).check()
    }

    @Test func connectTimeoutIsRead() {
        let configuration = PostgresConfiguration(connectionString: "host=a,b,c connect_timeout=7")
        #expect(configuration.connectTimeout == .seconds(7))
        #expect(configuration.connectTimeLimit == .seconds(21))
    }
}
