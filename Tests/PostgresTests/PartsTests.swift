import FoundationEssentials
import Testing

@testable import Postgres

/// Small parts that need no server.
struct PartsTests {
    @Test func parametersShareOneBuffer() {
        var parameters = Parameters()
        parameters.append(Int32(258))
        parameters.append(nil as String?)
        parameters.append("")
        parameters.append("ab")
        #expect(parameters.buffer == [0, 0, 1, 2, 97, 98])
        #expect(parameters.fields.map(\.length) == [4, -1, 0, 2])
        #expect(parameters.fields.map(\.type) == [TypeOID.int4, TypeOID.text, TypeOID.text, TypeOID.text])
    }

    @Test func arraysReportNulls() {
        var parameters = Parameters()
        parameters.append(array: [1, nil] as [Int16?])
        #expect(
            parameters.buffer == [
                0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 21, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 255, 255, 255, 255,
            ]
        )
        var empty = Parameters()
        empty.append(array: [] as [Int16?])
        #expect(empty.buffer == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 21])
    }

    @Test func arraysFromElementsEqualArraysFromValues() {
        struct Item {
            let id: UUID
            let text: String?
            let bytes: [UInt8]?
        }
        let items = [
            Item(id: UUID(), text: "a", bytes: [0x00, 0x9F, 0xFA]), Item(id: UUID(), text: nil, bytes: nil),
            Item(id: UUID(), text: "", bytes: []),
        ]
        var direct = Parameters()
        direct.append("ids", uuids: items.indices) { items[$0].id }
        direct.append("texts", texts: items.indices) { items[$0].text }
        direct.append("bytes", bytes: items.indices) { items[$0].bytes }
        direct.append("digits", hexadecimal: items.indices) { items[$0].bytes }
        var gathered = Parameters()
        gathered.append(array: items.map { Optional($0.id) })
        gathered.append(array: items.map(\.text))
        gathered.append(array: items.map(\.bytes))
        gathered.append(array: ["009ffa", nil, ""])
        #expect(direct.buffer == gathered.buffer)
        #expect(direct.fields.map(\.type) == gathered.fields.map(\.type))
        #expect(direct.fields.map(\.length) == gathered.fields.map(\.length))
    }

    @Test(
        arguments: [
            [], [0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 21, 127, 255, 255, 255, 0, 0, 0, 1],
            [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 1, 0, 0, 0, 1],
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 1],
        ] as [[UInt8]]
    )
    func arraysWithWrongLengthsAreRefused(bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            let values: [Int16?]? = ArrayReader(bytes).values { .integer($0) }
            #expect(values == nil)
        }
    }

    @Test func statementIsPreparedOncePerSession() {
        var prepared = PreparedStatements()
        var parameters = Parameters()
        parameters.append(Int32(1))
        let one = Statement("one", "SELECT $1")
        guard case .prepare("one") = prepared.plan(one, parameters.fields) else { return fail() }
        guard case .use("one") = prepared.plan(one, parameters.fields) else { return fail() }
        // Another text, other types: another statement.
        guard case .prepare("one~1") = prepared.plan(Statement("one", "SELECT 2"), []) else { return fail() }
        guard case .prepare("one~2") = prepared.plan(one, parameters.fields) else { return fail() }
        prepared.forget("one")
        guard case .prepare("one~3") = prepared.plan(one, parameters.fields) else { return fail() }
        guard case .unprepared = prepared.plan(Statement("", "SELECT 1"), []) else { return fail() }
    }

    @Test func preparedStatementsAreBounded() {
        var prepared = PreparedStatements()
        for number in 0..<1000 { _ = prepared.plan(Statement("s\(number)", "SELECT 1"), []) }
        #expect(prepared.count == PreparedStatements.limit)
    }

    @Test func backoffDoublesUpToItsLimit() {
        var backoff = ReconnectBackoff()
        let delays = (0..<10).map { _ in backoff.failed(chance: 1) }
        #expect(delays.prefix(4) == [.milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(delays.last == .seconds(5))
        backoff.succeeded()
        #expect(backoff.failed(chance: 0) == .milliseconds(25))
        for _ in 0..<10_000 { #expect(backoff.failed() <= .seconds(5)) }
    }

    @Test func timersFireInOrder() {
        var timers = TimerList()
        let now = ContinuousClock.now
        var fired: [Int] = []
        #expect(timers.millisecondsToNext(from: now) == -1)
        _ = timers.add(at: now + .milliseconds(20)) { fired.append(2) }
        _ = timers.add(at: now + .milliseconds(10)) { fired.append(1) }
        let taken = timers.add(at: now + .milliseconds(15)) { fired.append(3) }
        timers.remove(taken)
        #expect(timers.millisecondsToNext(from: now) == 11)
        for action in timers.takeDue(now) { action() }
        #expect(fired == [])
        for action in timers.takeDue(now + .milliseconds(20)) { action() }
        #expect(fired == [1, 2])
        #expect(timers.millisecondsToNext(from: now) == -1)
    }

    private func fail(sourceLocation: SourceLocation = #_sourceLocation) {
        Issue.record("not the expected plan", sourceLocation: sourceLocation)
    }
}
