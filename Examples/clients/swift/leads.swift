// Sends leads to Switchyard and reads them: leads URL KEY [EMAIL]

import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// An error answer (RFC 9457).
struct Problem: Error, Decodable {
    struct FieldError: Decodable {
        let field: String
        let message: String
    }

    let status: Int
    let detail: String
    let errors: [FieldError]?
}

struct Outcome: Decodable {
    let id: String
    let status: String
}

struct Page: Decodable {
    struct Lead: Decodable { let id: String }

    let leads: [Lead]
    let nextCursor: String?
}

struct UnreadableAnswer: Error { let status: Int }

/// A client that repeats what may succeed later.
struct Client {
    static let attempts = 5

    let url: URL
    let key: String

    func send<Body: Decodable>(
        _ method: String,
        _ path: String,
        query: [URLQueryItem] = [],
        body: [String: String]? = nil,
        idempotencyKey: String? = nil
    ) async throws -> (body: Body, answer: HTTPURLResponse) {
        var request = URLRequest(url: url.appending(path: path).appending(queryItems: query), timeoutInterval: 30)
        request.httpMethod = method
        request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
        if let body {
            request.httpBody = try JSONEncoder().encode(body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        if let idempotencyKey { request.setValue(idempotencyKey, forHTTPHeaderField: "Idempotency-Key") }
        for attempt in 1... {
            var wait: Double?
            do {
                let (data, response) = try await URLSession.shared.data(for: request)
                guard let answer = response as? HTTPURLResponse else { throw UnreadableAnswer(status: 0) }
                if (200..<300).contains(answer.statusCode) {
                    return (try JSONDecoder().decode(Body.self, from: data), answer)
                }
                let problem = try? JSONDecoder().decode(Problem.self, from: data)
                guard [429, 503].contains(answer.statusCode), attempt < Self.attempts else {
                    throw problem ?? UnreadableAnswer(status: answer.statusCode) as any Error
                }
                wait = answer.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init)
            } catch let error as URLError where attempt < Self.attempts {
                // No answer arrived. The lead may be stored: the key makes the repetition safe.
                _ = error
            }
            // A random part more, so that many clients do not come back at the same moment.
            let pause = (wait ?? 0.5 * pow(2, Double(attempt - 1))) + Double.random(in: 0...0.5)
            try await Task.sleep(for: .seconds(pause))
        }
        fatalError("the last attempt returns or throws")
    }

    /// Stores a lead once, however often the request is repeated.
    func submit(_ lead: [String: String]) async throws -> (body: Outcome, answer: HTTPURLResponse) {
        try await send("POST", "api/leads", body: lead, idempotencyKey: UUID().uuidString)
    }

    /// A page of the list of leads, newest first; the first one without a cursor.
    func page(limit: Int, cursor: String?) async throws -> Page {
        var query = [URLQueryItem(name: "limit", value: String(limit))]
        if let cursor { query.append(URLQueryItem(name: "cursor", value: cursor)) }
        let (page, _): (Page, HTTPURLResponse) = try await send("GET", "api/leads", query: query)
        return page
    }
}

@main
struct Leads {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let url = URL(string: arguments[1]) else {
            print("usage: leads URL KEY [EMAIL]")
            exit(2)
        }
        let client = Client(url: url, key: arguments[2])
        let email = arguments.count > 3 ? arguments[3] : "ada@example.com"
        let (lead, answer) = try await client.submit(["email": email, "companySize": "11-50"])
        let isAgain = answer.value(forHTTPHeaderField: "Idempotency-Replayed") == "true"
        print("stored \(lead.id) as \(lead.status)\(isAgain ? " (stored by an earlier attempt)" : "")")
        do {
            _ = try await client.submit(["email": "no address"])
        } catch let problem as Problem where problem.status == 422 {
            for error in problem.errors ?? [] { print("refused \(error.field): \(error.message)") }
        }
        var pages = 0
        var leads = 0
        var cursor: String?
        repeat {
            let page = try await client.page(limit: 2, cursor: cursor)
            pages += 1
            leads += page.leads.count
            cursor = page.nextCursor
        } while cursor != nil
        print("read \(leads) leads on \(pages) pages")
    }
}
