import Digests
import FoundationEssentials
import JSON
import Synchronization

/// Decides for each step of a call whether to return its stored result, to run it, or only to report it.
final class StepRunner: Sendable {
    /// The purpose of the call.
    enum Purpose: Sendable, Hashable {
        /// Run the next step at once.
        case next
        /// Report the next step without running it.
        case plan
        /// Run this step.
        case step(String)
        /// Run all steps: no server stores results between calls.
        case everything
    }

    /// A call ends where a step is reported; thrown through the function to the endpoint.
    struct Report: Error {
        let operations: [StepOperation]
    }

    private let purpose: Purpose
    private let done: [String: JSONValue]
    private let counts = Mutex<[String: Int]>([:])

    /// A runner of one call.
    ///
    /// - Parameters:
    ///   - purpose: the purpose of the call.
    ///   - done: Inngest's stored results of earlier steps, by id.
    init(purpose: Purpose, done: [String: JSONValue] = [:]) {
        self.purpose = purpose
        self.done = done
    }

    func run(_ name: String, _ body: () async throws -> JSONValue) async throws -> JSONValue {
        if purpose == .everything { return try await body() }
        let id = identify(name)
        if let kept = done[id] {
            if let error = kept["error"], error != .null {
                throw FunctionFailure.final(
                    error["message"]?.string ?? "The step failed.",
                    name: error["name"]?.string ?? "Error"
                )
            }
            return kept.members == nil ? kept : kept["data"] ?? .null
        }
        switch purpose {
        case .plan: throw Report(operations: [StepOperation(id: id, name: name, kind: .planned)])
        case .step(let wanted) where wanted != id:
            // The function has changed since Inngest received that step.
            throw Report(operations: [StepOperation(id: wanted, name: wanted, kind: .notFound)])
        default: break
        }
        do {
            throw Report(operations: [StepOperation(id: id, name: name, kind: .done(try await body()))])
        } catch let report as Report {
            throw report
        } catch {
            throw Report(operations: [StepOperation(id: id, name: name, kind: .failed(FunctionFailure(error)))])
        }
    }

    /// The step's id: from its name, or from its name and number if the name is repeated.
    private func identify(_ name: String) -> String {
        let count = counts.withLock { counts in
            defer { counts[name, default: 0] += 1 }
            return counts[name, default: 0]
        }
        return Self.id(count == 0 ? name : "\(name):\(count)")
    }

    /// The id of a name.
    static func id(_ name: String) -> String {
        Hexadecimal.encode(SHA1.hash(name))
    }
}
