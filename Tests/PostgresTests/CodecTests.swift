import FoundationEssentials
import Testing

@testable import Postgres

/// Values to the server and back, in binary.
struct CodecTests {
    @Test func typesRoundTrip() async throws {
        try await withTestPool { pool, _ in
            let statement = Statement(
                "every_type",
                """
                SELECT $1::uuid, $2::text, $3::int2, $4::int4, $5::int8, $6::bool, $7::float8, $8::timestamptz,
                    $9::bytea, $10::jsonb, $11::uuid, $12::text, $13::int2, $14::int4, $15::int8, $16::bool,
                    $17::float8, $18::timestamptz, $19::bytea, $20::jsonb
                """
            )
            for _ in 0..<200 {
                let uuid = UUID()
                let text = Self.text()
                let bytes = Self.bytes()
                let (small, medium, large) = (Int16.random(), Int32.random(), Int64.random())
                let double = Double(bitPattern: .random(in: .min ... .max))
                let time = Self.timestamp()
                let flag = Bool.random()
                var parameters = Parameters()
                parameters.append(uuid)
                parameters.append(text)
                parameters.append(Int32(small))
                parameters.append(medium)
                parameters.append(large)
                parameters.append(flag)
                parameters.append(double)
                parameters.append(time)
                parameters.append(bytes)
                parameters.json(#"{"a": [1, "é"]}"#)
                parameters.append(nil as UUID?)
                parameters.append(nil as String?)
                parameters.append(nil as Int32?)
                parameters.append(nil as Int32?)
                parameters.append(nil as Int64?)
                parameters.append(nil as Bool?)
                parameters.append(nil as Double?)
                parameters.append(nil as Timestamp?)
                parameters.append(nil as [UInt8]?)
                parameters.json(nil)
                let row = try #require(try await pool.query(statement, parameters).first)
                #expect(try row.uuid(0) == uuid)
                #expect(try Array(row.string(1).utf8) == Array(text.utf8))
                #expect(try row.int32(3) == medium)
                #expect(try row.int64(4) == large)
                #expect(try row.bool(5) == flag)
                #expect(try row.double(6).bitPattern == double.bitPattern || double.isNaN)
                #expect(try row.timestamp(7) == time)
                #expect(try row.bytes(8) == bytes)
                #expect(try row.string(9) == #"{"a": [1, "é"]}"#)
                for column in 10..<20 { #expect(row.isNull(column)) }
                #expect(try row.uuidIfPresent(10) == nil)
                #expect(try row.stringIfPresent(11) == nil)
                #expect(try row.int32IfPresent(12) == nil)
                #expect(try row.int32IfPresent(13) == nil)
                #expect(try row.int64IfPresent(14) == nil)
                #expect(try row.boolIfPresent(15) == nil)
                #expect(try row.doubleIfPresent(16) == nil)
                #expect(try row.timestampIfPresent(17) == nil)
                #expect(try row.bytesIfPresent(18) == nil)
                #expect(try row.stringIfPresent(19) == nil)
                // Narrower types are read as wider ones.
                #expect(try row.int64(2) == Int64(small))
                #expect(try row.int32(2) == Int32(small))
                #expect(try row.int64(3) == Int64(medium))
            }
        }
    }

    @Test func emptyTextIsNotNull() async throws {
        try await withTestPool { pool, _ in
            var parameters = Parameters()
            parameters.append("")
            parameters.append([UInt8]())
            let sql = "SELECT $1::text, $2::bytea, $1 IS NULL OR $2 IS NULL, length($1) + length($2)"
            let row = try #require(try await pool.query(Statement("empty", sql), parameters).first)
            #expect(try row.string(0) == "")
            #expect(try row.bytes(1) == [])
            #expect(try row.bool(2) == false)
            #expect(try row.int32(3) == 0)
        }
    }

    @Test func arraysRoundTrip() async throws {
        try await withTestPool { pool, _ in
            let statement = Statement(
                "every_array",
                """
                SELECT $1::uuid[], $2::text[], $3::int2[], $4::int4[], $5::int8[],
                    $6::timestamptz[], $7::bytea[],
                    (SELECT count(*) FROM unnest($2::text[]) AS t (v) WHERE v IS NULL), array_length($2::text[], 1)
                """
            )
            for size in Array(0..<40) + [1000] {
                let uuids = Self.some(size) { UUID() }
                let texts = Self.some(size) { Self.text() }
                let smalls = Self.some(size) { Int16.random() }
                let mediums = Self.some(size) { Int32.random() }
                let larges = Self.some(size) { Int64.random() }
                let times = Self.some(size) { Self.timestamp() }
                let bytes = Self.some(size) { Self.bytes() }
                var parameters = Parameters()
                parameters.append(array: uuids)
                parameters.append(array: texts)
                parameters.append(array: smalls)
                parameters.append(array: mediums)
                parameters.append(array: larges)
                parameters.append(array: times)
                parameters.append(array: bytes)
                let row = try #require(try await pool.query(statement, parameters).first)
                #expect(try row.array(0, "array") { .uuid($0) } == uuids)
                #expect(try row.array(1, "array") { .text($0) } == texts)
                #expect(try row.array(2, "array") { .integer($0) } == smalls)
                #expect(try row.array(3, "array") { .integer($0) } == mediums)
                #expect(try row.array(4, "array") { .integer($0) } == larges)
                #expect(try row.array(5, "array") { .timestamp($0) } == times)
                #expect(try row.array(6, "array") { .bytes($0) } == bytes)
                #expect(try row.int64(7) == Int64(texts.count { $0 == nil }))
                #expect(try row.int32IfPresent(8) == (size == 0 ? nil : Int32(size)))
                if texts.contains(nil) {
                    #expect(throws: PostgresError.self) { try row.stringArray(1) }
                } else {
                    #expect(try row.stringArray(1) == texts.compactMap(\.self))
                }
            }
        }
    }

    @Test func textTypesDecodeAsText() async throws {
        try await withTestPool { pool, _ in
            let sql = """
                SELECT 'a'::varchar(5), 'b'::name, '{"c": 1}'::json, '{"d": 2}'::jsonb, current_user, 7::oid,
                    '2026-01-31 09:30'::timestamp, ARRAY['e']::varchar[], 1.5::float4
                """
            let row = try #require(try await pool.query(Statement("texts", sql)).first)
            #expect(try row.string(0) == "a")
            #expect(try row.string(1) == "b")
            #expect(try row.string(2) == #"{"c": 1}"#)
            #expect(try row.string(3) == #"{"d": 2}"#)
            #expect(try !row.string(4).isEmpty)
            #expect(try row.int64(5) == 7)
            #expect(try row.timestamp(6).rfc3339 == "2026-01-31T09:30:00.000000Z")
            #expect(try row.stringArray(7) == ["e"])
            #expect(try row.double(8) == 1.5)
        }
    }

    @Test func typeErrorsOmitTheValue() async throws {
        try await withTestPool { pool, _ in
            let sql = "SELECT 'jane@example.com' AS email, NULL::int AS age, 5::bigint AS big, 1.5::numeric AS price"
            let row = try #require(try await pool.query(Statement("wrong", sql)).first)
            for body in [
                { _ = try row.uuid(0) }, { _ = try row.int32(0) }, { _ = try row.int32(1) }, { _ = try row.int32(2) },
                { _ = try row.string(2) }, { _ = try row.double(3) }, { _ = try row.string(4) },
                { _ = try row.string(-1) }, { _ = try row.stringArray(0) }, { _ = try row.bool(0) },
                { _ = try row.timestamp(0) }, { _ = try row.bytes(0) },
            ] as [() throws -> Void] {
                let error = await expectFault(.decoding) { try body() }
                #expect(error?.description.contains("jane") == false)
            }
        }
    }

    // MARK: - Random values

    private static func some<Value>(_ count: Int, _ make: () -> Value) -> [Value?] {
        (0..<count).map { _ in Int.random(in: 0..<4) == 0 ? nil : make() }
    }

    private static func text() -> String {
        let pieces = ["", "a", "é", "e\u{301}", "日本", "🏳️‍🌈", "'", "\"", "\\", ",", "{}", "NULL", "\n", "$1"]
        return (0..<Int.random(in: 0...6)).map { _ in pieces.randomElement() ?? "" }.joined()
    }

    private static func bytes() -> [UInt8] {
        (0..<Int.random(in: 0...20)).map { _ in .random(in: 0...255) }
    }

    private static func timestamp() -> Timestamp {
        Timestamp(microsecondsSinceUnixEpoch: .random(in: -62_135_596_800_000_000...253_402_300_799_999_999))
    }
}

extension FixedWidthInteger {
    fileprivate static func random() -> Self {
        [.min, .max, 0, -1, .random(in: .min ... .max)].randomElement() ?? 0
    }
}
