import HTTPTypes
import Hummingbird
import LeadStore
import NIOCore
import Postgres
import Testing

@testable import Web

/// Entity tags: written and read.
struct EntityTagTests {
    private let time = Timestamp(microsecondsSinceUnixEpoch: 1_790_000_000_123_456)

    private func request(_ headers: HTTPFields) -> Request {
        Request(
            head: .init(method: .patch, scheme: "http", authority: "localhost", path: "/", headerFields: headers),
            body: RequestBody(buffer: ByteBuffer())
        )
    }

    @Test func tagsAreReadBack() throws {
        let tag = EntityTag(time).header
        #expect(try request([.ifMatch: tag]).precondition() == .version([time]))
        #expect(try request([.ifMatch: "\"x\" , \(tag),"]).precondition() == .version([time]))
        #expect(try request([.ifMatch: "*"]).precondition() == .exists)
        #expect(try request([.ifNoneMatch: "*"]).precondition() == .absent)
        #expect(try request([:]).precondition() == .none)
        // Tags of others and weak ones fit no object.
        for other in ["\"v41\"", "W/\(tag)", "\"\"", "\"UPPER\"", "\"0\(EntityTag(time).text)\"", "\"a,b\""] {
            #expect(try request([.ifMatch: other]).precondition() == .version([]), "\(other)")
        }
    }

    @Test func malformedHeadersAreRefused() {
        let many = Array(repeating: "\"a\"", count: 33).joined(separator: ",")
        for value in ["", " ", "abc", "\"abc", "\"a\" \"b\"", "\"a\";\"b\"", ",", "* ,\"a\"", "w/\"a\"", many] {
            #expect(throws: Problem.self, "\(value)") { try request([.ifMatch: value]).precondition() }
        }
        #expect(throws: Problem.self) { try request([.ifNoneMatch: "\"a\""]).precondition() }
    }

    @Test func knownVersionIsNotSentAgain() throws {
        let tag = EntityTag(time)
        let answer = Response(status: .ok, headers: [.contentType: "application/json"])
        #expect(try answer.tagged(tag, for: request([:])).headers[.eTag] == tag.header)
        for header in [tag.header, "W/\(tag.header)", "\"x\", \(tag.header)", "*"] {
            let known = try answer.tagged(tag, for: request([.ifNoneMatch: header]))
            #expect(known.status == .notModified && known.headers[.eTag] == tag.header, "\(header)")
            #expect(known.headers[.contentType] == nil)
        }
        #expect(try answer.tagged(tag, for: request([.ifNoneMatch: "\"x\""])).status == .ok)
    }
}
