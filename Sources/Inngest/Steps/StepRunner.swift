import Digests
import FoundationEssentials
import JSON
import Synchronization

/// Decides for each step of a call whether it is done, to be done, or only to be announced.
final class StepRunner: Sendable {
    /// What the call is for.
    enum Purpose: Sendable, Hashable {
        /// Do the next step at once.
        case next
        /// Name the next step, and do nothing.
        case plan
        /// Do this step.
        case step(String)
        /// Run all of them: no server keeps results between calls.
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
    ///   - purpose: what the call is for.
    ///   - done: what Inngest keeps of the steps before, by id.
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
            // The function has changed since Inngest was told of that step.
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

    /// The step's id: of its name, or of its name and number when the name comes again.
    private func identify(_ name: String) -> String {
        let count = counts.withLock { counts in
            defer { counts[name, default: 0] += 1 }
            return counts[name, default: 0]
        }
        return Self.id(count == 0 ? name : "\(name):\(count)")
    }

    /// The id that a name is known by.
    static func id(_ name: String) -> String {
        Hexadecimal.encode(SHA1.hash(name))
    }
}
