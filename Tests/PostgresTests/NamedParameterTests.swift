import FoundationEssentials
import Testing

@testable import Postgres

/// Statements whose parameters have names.
struct NamedParameterTests {
    @Test func parametersAreNumberedByFirstUse() {
        let statement = Statement("s", "SELECT :b, :a, :b::text WHERE x = :long_name_2 AND y = ANY (:a)")
        #expect(statement.sql == "SELECT $1, $2, $1::text WHERE x = $3 AND y = ANY ($2)")
        #expect(statement.parameterNames == ["b", "a", "long_name_2"])
    }

    @Test(
        arguments: [
            "SELECT 'a :b ''c :d'''", #"SELECT E'it\' :s', 1"#, #"SELECT "a:b" FROM t"#, "SELECT 1 -- of :all",
            "SELECT 1 /* :a /* :b */ :c */", "SELECT $$ :a $$, $t$ :b $$ :c $t$", "SELECT x::text, y ::int",
            "SELECT a[1:n], a[m:n], (f(x))[i:n]", "SELECT f(p_x := 1)", "SELECT $1, $2::text", "SELECT a$b, 1",
        ]
    ) func otherColonsAreLeftAlone(text: String) {
        let statement = Statement("s", text)
        #expect(statement.sql == text)
        #expect(statement.parameterNames.isEmpty)
    }

    @Test(
        arguments: [
            ("SELECT E'a\\\\' || :x", "SELECT E'a\\\\' || $1"), ("SELECT 'a\\' || :x", "SELECT 'a\\' || $1"),
            ("SELECT 1 -- :a\n, :x", "SELECT 1 -- :a\n, $1"), ("SELECT a[:x]", "SELECT a[$1]"),
            ("SELECT $q$ :a $q$ || :x", "SELECT $q$ :a $q$ || $1"), ("SELECT f(p_x => :x)", "SELECT f(p_x => $1)"),
            ("SELECT 1/:x, -:x", "SELECT 1/$1, -$1"), ("SELECT 'é:a' || :x", "SELECT 'é:a' || $1"),
        ]
    ) func placeholderIsFoundAfterOtherTokens(text: String, sql: String) {
        let statement = Statement("s", text)
        #expect(statement.sql == sql)
        #expect(statement.parameterNames == ["x"])
    }

    @Test func parametersFollowStatementOrder() throws {
        let statement = Statement("s", "SELECT :first, :second, :third")
        let ordered: Parameters = ["first": .int32(1), "second": .text("b"), "third": .text(nil)]
        let other: Parameters = ["third": .text(nil), "first": .int32(1), "second": .text("b")]
        #expect(try ordered.matched(with: statement).fields.map(\.length) == [4, 1, -1])
        let arranged = try other.matched(with: statement)
        #expect(arranged.fields.map(\.length) == [4, 1, -1])
        #expect(arranged.fields.map(\.type) == [TypeOID.int4, TypeOID.text, TypeOID.text])
        #expect(arranged.buffer == ordered.buffer)
    }

    @Test(
        arguments: [
            [:], ["a": .int32(1)], ["a": .int32(1), "c": .int32(2)], ["a": .int32(1), "a": .int32(2)],
            ["a": .int32(1), "b": .int32(2), "c": .int32(3)],
        ] as [Parameters]
    ) func missingExtraAndMisspeltNamesAreRefused(parameters: Parameters) {
        let error = #expect(throws: PostgresError.self) {
            try parameters.matched(with: Statement("named", "SELECT :a, :b"))
        }
        #expect(error?.code == .configuration)
        #expect(error?.message.hasPrefix("The statement named has the parameters a, b; given were") == true)
    }

    @Test func numberedAndNamedParametersDoNotMix() {
        var numbered = Parameters()
        numbered.append(Int32(1))
        #expect(throws: PostgresError.self) { try numbered.matched(with: Statement("s", "SELECT :a")) }
        let named: Parameters = ["a": .int32(1)]
        #expect(throws: PostgresError.self) { try named.matched(with: Statement("s", "SELECT $1")) }
        #expect(throws: Never.self) { try numbered.matched(with: Statement("s", "SELECT $1")) }
    }

    @Test func valuesArriveUnderTheirNames() async throws {
        try await withTestPool { pool, _ in
            let id = UUID()
            let statement = Statement("named_values", "SELECT :text, :number + 1, :id, :flag, :texts[2], :none::text")
            let parameters: Parameters = [
                "none": .text(nil), "flag": .bool(true), "id": .uuid(id), "number": .int64(41),
                "texts": .texts(["a", "b"]),
                "text": .text("hello"),
            ]
            for _ in 0..<2 {
                let row = try #require(try await pool.query(statement, parameters).first)
                #expect(try row.string(0) == "hello")
                #expect(try row.int64(1) == 42)
                #expect(try row.uuid(2) == id)
                #expect(try row.bool(3))
                #expect(try row.string(4) == "b")
                #expect(try row.stringIfPresent(5) == nil)
            }
        }
    }
}
