package import FoundationEssentials
package import LeadStore
package import Postgres
import RoutingRules

/// Why a workspace receives leads, or none: who may send to it, which rules could, and what takes their leads.
package struct WorkspaceExplanation: Sendable, Hashable {
    /// A rule that could send leads to the workspace.
    package struct Rule: Sendable, Hashable {
        /// Its id.
        package let id: UUID
        /// Its name.
        package let name: String
        /// The name of the workspace whose leads it applies to; nil for a rule of the platform.
        package let owner: String?
        /// Its priority.
        package let priority: Int32
        /// What is wrong with it, by static analysis.
        package let findings: [String]
        /// How many leads of the sample it took.
        package internal(set) var took = 0
        /// What became of the others: the reason, and how many, the most frequent first.
        package internal(set) var losses: [Loss] = []
    }

    /// Why a rule did not take leads of the sample.
    package struct Loss: Sendable, Hashable {
        /// The reason, as a phrase that follows the name of the rule.
        package let reason: String
        /// How many leads of the sample.
        package internal(set) var count: Int
    }

    /// A lead of the sample that one other value would have brought to the workspace.
    package struct NearMiss: Sendable, Hashable {
        /// The lead.
        package let leadID: UUID
        /// The rule.
        package let rule: String
        /// What the rule wants and the lead has.
        package let reason: String
    }

    /// The workspace.
    package let workspace: WorkspaceRecord
    /// What keeps every lead away, one sentence each; empty if nothing does.
    package internal(set) var obstacles: [String] = []
    /// The workspaces from which it has agreed to receive, by name.
    package internal(set) var senders: [String] = []
    /// The rules that could send leads to it, in the order in which they are tried.
    package internal(set) var rules: [Rule] = []
    /// When it last received a lead of another workspace; nil if it never did.
    package internal(set) var lastLeadAt: Timestamp?
    /// How many of the newest leads were looked at.
    package internal(set) var sampled = 0
    /// Leads of the sample that nearly came, ten at most.
    package internal(set) var nearMisses: [NearMiss] = []

    /// An explanation of a workspace, without its rules.
    init(_ workspace: WorkspaceRecord) { self.workspace = workspace }
}

/// Explains why a workspace receives leads, or none.
struct WorkspaceExplainer: Sendable {
    let stores: Stores
    /// How long leads of the sample are decided again.
    let timeLimit: Duration

    /// How many of the newest leads are looked at.
    private static let sample = 50
    private static let mostNearMisses = 10

    /// The explanation; nil if there is no such workspace.
    func explain(_ id: UUID) async throws -> WorkspaceExplanation? {
        guard let record = try await stores.workspaces.find(id, as: .administrator) else { return nil }
        var explanation = WorkspaceExplanation(record)
        let snapshot = try await stores.ruleSets.load()
        let names = Dictionary(snapshot.workspaces.map { ($0.id, $0.name) }) { first, _ in first }
        explanation.senders = snapshot.agreements.filter { $0.receivingWorkspaceID == id }
            .map { names[$0.sendingWorkspaceID] ?? $0.sendingWorkspaceID.text }.sorted()
        explanation.lastLeadAt = try await stores.leads.lastReceived(by: id)
        explanation.obstacles = try await obstacles(record)
        let lint = RuleLint(snapshot, for: .administrator).report(until: WorkLimit(timeLimit).isOver)
        explanation.rules = snapshot.rules.filter { $0.isActive && $0.reaches(id) }
            .sorted { ($1.priority, $0.createdAt) < ($0.priority, $1.createdAt) }
            .map { rule in
                WorkspaceExplanation.Rule(
                    id: rule.id,
                    name: rule.name,
                    owner: rule.workspaceID.map { names[$0] ?? $0.text },
                    priority: rule.priority,
                    findings: lint.findings.filter { $0.ruleID == rule.id }.map(\.message)
                )
            }
        if explanation.rules.isEmpty {
            explanation.obstacles.append("No active rule sends leads to it.")
        } else {
            try await decideSample(under: snapshot, into: &explanation)
        }
        return explanation
    }

    private func obstacles(_ record: WorkspaceRecord) async throws -> [String] {
        let workspace = record.workspace
        var obstacles: [String] = []
        if !workspace.isActive { obstacles.append("It is not active.") }
        if workspace.isPaused { obstacles.append("It is paused as a destination.") }
        if let reason = workspace.suspension { obstacles.append("It is suspended: \(reason)") }
        if try await stores.pauses.list(as: .administrator).contains(where: { $0.workspaceID == nil }) {
            obstacles.append("Routing of all leads is paused.")
        }
        let capacity = try await RoutingCapacity.read(stores)
        let usage = try await stores.capacity.usage(of: workspace.id, as: .administrator)
        for line in usage?.lines ?? [] where line.used >= line.cap.limit {
            let period = line.cap.period == .total ? "in all" : "a \(line.cap.period.rawValue)"
            obstacles.append("Its cap is full: \(line.used) of \(line.cap.limit) \(period).")
        }
        for (name, opensAt) in capacity.closed where name == workspace.name {
            obstacles.append(
                opensAt.map { "It is closed; it opens \($0.text) local time." } ?? "It is closed for 400 days and more."
            )
        }
        return obstacles
    }

    /// Decides the newest leads again, by every rule.
    private func decideSample(
        under snapshot: RuleSetSnapshot,
        into explanation: inout WorkspaceExplanation
    ) async throws {
        let limit = WorkLimit(timeLimit)
        let places = Dictionary(explanation.rules.enumerated().map { ($0.element.id, $0.offset) }) { first, _ in first }
        let leads = try await stores.leads.page(LeadFilter(), limit: Self.sample, as: .administrator).leads
        for record in leads where record.erasedAt == nil {
            try Task.checkCancellation()
            if limit.isOver() { break }
            explanation.sampled += 1
            let trace = RuleTrace(
                of: record.lead,
                from: record.sourceWorkspaceID,
                in: snapshot,
                limit: 1000,
                until: limit.isOver
            )
            let decisive = trace.decisive?.rule.name
            for step in trace.steps {
                guard let place = places[step.rule.id] else { continue }
                if step.verdict == .took {
                    explanation.rules[place].took += 1
                    continue
                }
                explanation.rules[place].add(step.loss(to: decisive))
                if let near = step.nearMiss, explanation.nearMisses.count < Self.mostNearMisses {
                    explanation.nearMisses.append(.init(leadID: record.id, rule: step.rule.name, reason: near))
                }
            }
        }
        for place in explanation.rules.indices {
            explanation.rules[place].losses.sort { ($1.count, $0.reason) < ($0.count, $1.reason) }
        }
    }
}

extension WorkspaceExplanation.Rule {
    fileprivate mutating func add(_ reason: String) {
        if let place = losses.firstIndex(where: { $0.reason == reason }) {
            losses[place].count += 1
        } else {
            losses.append(.init(reason: reason, count: 1))
        }
    }
}

extension RuleTrace.Step {
    /// Why the rule did not take a lead; it names no value of the lead.
    fileprivate func loss(to decisive: String?) -> String {
        switch verdict {
        case .took: ""
        case .waits: "the lead waits for its capacity"
        case .skipped(let because): "matched, and was skipped: \(because.text(for: .administrator))"
        case .comesLater: "matches as well, but “\(decisive ?? "another rule")” comes before it"
        case .missed(let failure, _): "wants \(failure.noun) \(failure.expected)"
        case .unreadable: "has conditions that cannot be read"
        case .tooCostly: "takes more steps than a decision may"
        }
    }

    /// What one other value would have changed.
    fileprivate var nearMiss: String? {
        guard case .missed(let failure, let change?) = verdict, change.cost == 1, isUsable else { return nil }
        return "wants \(failure.noun) \(failure.expected); the lead has \(failure.actual ?? "none")"
    }
}

extension RoutingRule {
    /// Whether it may send leads to a workspace.
    fileprivate func reaches(_ workspace: UUID) -> Bool {
        guard let pool = distribution?.pool else { return destinationWorkspaceID == workspace }
        return pool.members.contains { $0.workspaceID == workspace }
    }
}
