import ArgumentParser
import Glibc

/// Posts leads at a constant rate and tells how long each took from the moment at which it was due.
///
/// A client that sends its next request only after the last answer stops asking while the server is slow, and so leaves
/// out just the waiting that matters ("coordinated omission"). Here request number n is due at n ÷ rate, whatever the
/// answers do: one that finds every connection busy waits for one, and that waiting is part of its latency. One thread;
/// what is sent, for how long, and what may be under way are bounded.
struct ConstantRate: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "constant-rate")

    @Option(help: "The port of the server, on loopback.")
    var port: UInt16

    @Option(help: "The path to post to.")
    var path = "/api/leads"

    @Option(help: "Requests a second.")
    var rate: Double

    @Option(help: "Seconds for which requests become due; 600 at most.")
    var seconds = 8.0

    @Option(help: "Connections; so many requests are under way at most.")
    var connections = 64

    @Option(help: "The environment variable that holds the API key.")
    var keyVariable = "SWITCHYARD_KEY"

    func validate() throws {
        guard rate > 0, rate <= 200_000, 0...600 ~= seconds, 1...900 ~= connections else {
            throw ValidationError("--rate, --seconds or --connections is out of its range.")
        }
    }

    func run() throws {
        guard let key = getenv(keyVariable).map({ String(cString: $0) }) else {
            throw ValidationError("\(keyVariable) is not set.")
        }
        let run = try ConstantRateRun(port: port, connections: connections, rate: rate, seconds: seconds)
        let requests = PostedLead(path: path, key: key)
        print(run.measure(requests).json)
    }
}

/// The bytes of a request that posts a lead with an identity of its own; about 420 bytes of JSON.
struct PostedLead {
    private let head: [UInt8]
    private let stamp: String
    private let firstPhone: Int

    init(path: String, key: String) {
        let fields = [
            "POST \(path) HTTP/1.1", "Host: 127.0.0.1", "Authorization: Bearer \(key)",
            "Content-Type: application/json", "Content-Length: ",
        ]
        head = Array(fields.joined(separator: "\r\n").utf8)
        stamp = String(UInt64.random(in: 0...(.max)), radix: 36)
        firstPhone = Int.random(in: 100_000...999_999) * 1_000_000
    }

    /// The request with this number.
    func bytes(_ number: Int) -> [UInt8] {
        let states = ["CA", "NY", "TX", "WA", "FL", "IL", "MA", "OR", "GA", "CO"]
        let industries = ["Construction", "Manufacturing", "Information", "Finance and Insurance", "Retail Trade"]
        let sizes = ["1-10", "11-50", "51-200", "201-500", "1001-5000"]
        let id = "\(stamp)-\(number)"
        let body =
            #"{"email":"lead-\#(id)@example.com","phone":"+44 \#(firstPhone + number)","firstName":"Ada","#
            + #""lastName":"Lovelace","companyName":"Analytical Engines \#(id)","industry":"\#(industries[number % 5])","#
            + #""companySize":"\#(sizes[number % 5])","revenue":"$1M-$10M","location":{"country":"US","#
            + #""state":"\#(states[number % 10])","city":"Springfield"},"source":"web","sourceId":"\#(id)","#
            + #""metadata":{"campaign":"autumn","utm_source":"newsletter"}}"#
        return head + Array("\(body.utf8.count)\r\n\r\n\(body)".utf8)
    }
}

/// What a run came to.
struct ConstantRateFigures {
    /// Milliseconds from being due to being answered.
    var latencies: [Double] = []
    /// Requests that were due, answered or not.
    var due = 0
    /// Answers of another status than 2xx.
    var refused = 0
    /// Requests that were never answered.
    var lost = 0
    /// Seconds from the first being due to the last answer.
    var seconds = 0.0
    /// When the request of each latency was due, in seconds from the start.
    var dueTimes: [Double] = []
    /// How late this program sent what it could have sent in time, in milliseconds; its own part of the latency.
    var lateness: [Double] = []

    /// The slowest request of each half second, the five slowest first: whether one pause or many made the highest part.
    private var pauses: String {
        var slowest: [Int: Double] = [:]
        for (latency, due) in zip(latencies, dueTimes) {
            slowest[Int(due * 2)] = max(slowest[Int(due * 2)] ?? 0, latency)
        }
        return slowest.sorted { $0.value > $1.value }.prefix(5)
            .map { #"{"at":\#(Double($0.key) / 2),"ms":\#(($0.value * 10).rounded() / 10)}"# }.joined(separator: ",")
    }

    /// One line of JSON.
    var json: String {
        func part(_ values: [Double], _ share: Double) -> Double {
            guard !values.isEmpty else { return 0 }
            let index = min(values.count - 1, Int(Double(values.count) * share))
            return (values[index] * 1000).rounded() / 1000
        }
        let late = lateness.sorted()
        let latencies = latencies.sorted()
        let rate = seconds > 0 ? (Double(latencies.count) / seconds).rounded() : 0
        return #"{"due":\#(due),"answered":\#(latencies.count),"perSecond":\#(rate),"p50ms":\#(part(latencies, 0.5)),"#
            + #""p90ms":\#(part(latencies, 0.9)),"p99ms":\#(part(latencies, 0.99)),"p999ms":\#(part(latencies, 0.999)),"#
            + #""maxms":\#(latencies.last ?? 0),"sentLateP99ms":\#(part(late, 0.99)),"non2xx":\#(refused),"lost":\#(lost),"#
            + #""pauses":[\#(pauses)]}"#
    }
}
