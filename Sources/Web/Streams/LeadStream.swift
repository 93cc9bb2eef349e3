import Hummingbird
import JSON
import LeadRouting
import NIOCore
import RoutingRules

/// Reads leads from a request, line by line, and answers them in order while more arrive.
///
/// Leads that arrive together are submitted together, at once: nothing waits for a full batch, and the number of leads
/// in memory is bounded, however long the stream. If the client does not read its answers, reading stops as well.
struct LeadStream: Sendable {
    /// The path of streams.
    static let path = "/api/leads/stream"
    /// The most leads of a stream that are read and not answered.
    static let leadsUnderWay = 4096

    /// Leads that arrived together, and their results.
    private struct Batch: Sendable {
        /// The place of the first one in the stream.
        let first: Int
        let count: Int
        /// One result for each lead, in order, once all are committed or refused.
        let results: @Sendable () async -> [Result<RoutingOutcome, Problem>]
    }

    private enum Step: Sendable {
        case batch(Batch)
        /// The rest of the stream cannot be read.
        case end(Problem)
    }

    /// The longest line, in bytes.
    let lineBytes: Int
    /// The reader of the outcomes.
    let reader: TextReader
    /// Decodes one line.
    let read: @Sendable ([UInt8]) throws -> SubmittedLead
    /// Queues leads, and returns the batch that collects their outcomes.
    let begin: @Sendable ([SubmittedLead]) async throws -> PendingBatch

    /// Reads the leads of a body to its end, and writes one line for each and a last one with the counts.
    ///
    /// - Throws: if the answer cannot be written, because the client has disconnected. Queued leads are still stored.
    func run(_ body: RequestBody, _ write: (ByteBuffer) async throws -> Void) async throws {
        let steps = BoundedChannel<Step>(limit: Self.leadsUnderWay)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await readAll(body, into: steps) }
            defer { steps.close() }
            var counts = BatchCounts()
            var problem: Problem?
            while problem == nil, let step = await steps.receive() {
                switch step {
                case .end(let reason): problem = reason
                case .batch(let batch):
                    let results = await batch.results()
                    steps.finish(weight: batch.count)
                    var writer = JSONWriter(capacity: batch.count * 384)
                    for (place, result) in results.enumerated() {
                        counts.add(result)
                        writer.line {
                            $0.result(batch.first + place, code: 201, result) { $0.outcome($1, for: reader) }
                        }
                    }
                    try await write(writer.buffer)
                }
            }
            var writer = JSONWriter(capacity: 256)
            writer.line { writer in
                writer.object { writer in
                    writer.summary(counts)
                    if let problem {
                        writer.key("problem")
                        problem.write(to: &writer)
                    }
                }
            }
            try await write(writer.buffer)
            group.cancelAll()
        }
    }

    private func readAll(_ body: RequestBody, into steps: BoundedChannel<Step>) async {
        var splitter = LineSplitter(limit: lineBytes)
        var next = 0
        do {
            for try await bytes in body {
                var lines: [Result<SubmittedLead, Problem>] = []
                var end: (any Error)?
                do {
                    try splitter.split(bytes.readableBytesView) { lines.append(readLine($0)) }
                } catch {
                    // The lines before it are submitted.
                    end = error
                }
                await take(lines, at: &next, into: steps)
                if let end { throw end }
                if Task.isCancelled { return }
            }
            var lines: [Result<SubmittedLead, Problem>] = []
            try splitter.finish { lines.append(readLine($0)) }
            await take(lines, at: &next, into: steps)
        } catch let error as LineSplitter.TooLong {
            let problem = Problem(
                .tooLarge,
                "A line is longer than \(error.limit) bytes.",
                remedy: "Send one lead per line, each line ended by a line feed."
            )
            await steps.send(.end(problem), weight: 0)
        } catch {
            await steps.send(.end(Problem(error)), weight: 0)
        }
        steps.close()
    }

    private func readLine(_ line: [UInt8]) -> Result<SubmittedLead, Problem> {
        Result { try read(line) }.mapError { Problem($0) }
    }

    /// Submits leads that arrived together; a problem of one lead does not affect the others.
    private func take(
        _ lines: [Result<SubmittedLead, Problem>],
        at next: inout Int,
        into steps: BoundedChannel<Step>
    ) async {
        guard !lines.isEmpty else { return }
        let accepted = lines.compactMap { try? $0.get() }
        var begun: Result<PendingBatch, Problem>?
        if !accepted.isEmpty {
            do {
                begun = .success(try await begin(accepted))
            } catch {
                begun = .failure(Problem(error))
            }
        }
        let batch = Batch(first: next, count: lines.count) { [begun] in
            await Self.results(lines, begun)
        }
        next += lines.count
        await steps.send(.batch(batch), weight: lines.count)
    }

    private static func results(
        _ lines: [Result<SubmittedLead, Problem>],
        _ begun: Result<PendingBatch, Problem>?
    ) async -> [Result<RoutingOutcome, Problem>] {
        var outcomes: ArraySlice<Result<RoutingOutcome, Problem>> = []
        var refusal = Problem(RequestError.unavailable(reason: "The lead was not decided."))
        switch begun {
        case .success(let batch):
            do {
                outcomes = try await batch.outcomes().map { $0.mapError { Problem($0) } }[...]
            } catch {
                refusal = Problem(error)
            }
        case .failure(let problem): refusal = problem
        case nil: break
        }
        return lines.map { line in
            switch line {
            case .failure(let problem): .failure(problem)
            case .success: outcomes.popFirst() ?? .failure(refusal)
            }
        }
    }
}
