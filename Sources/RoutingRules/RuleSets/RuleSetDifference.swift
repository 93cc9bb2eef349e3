package import FoundationEssentials
package import JSON

/// What differs between two documents, rule by rule and field by field.
package struct RuleSetDifference: Sendable, Hashable {
    /// A field that differs.
    package struct Field: Sendable, Hashable {
        /// Which, as a JSON pointer into the rule.
        package let path: String
        /// What it was; nil when it was not there.
        package let before: JSONValue?
        /// What it is; nil when it is not there.
        package let after: JSONValue?
    }

    /// A rule or a golden lead that is there on both sides, and differs.
    package struct Change: Sendable, Hashable {
        /// Its id, if it has one.
        package let id: UUID?
        /// Its name, as it is now.
        package let name: String
        /// Before.
        package let before: JSONValue
        /// After.
        package let after: JSONValue
        /// What differs.
        package var fields: [Field] { RuleSetDifference.fields(before, after, at: "") }
    }

    /// What differs in one list.
    package struct List: Sendable, Hashable {
        /// What is new.
        package var added: [JSONValue] = []
        /// What is gone.
        package var removed: [JSONValue] = []
        /// What is there on both sides, and differs.
        package var changed: [Change] = []

        /// Whether nothing differs.
        package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
    }

    /// The rules that differ.
    package let rules: List
    /// The golden leads that differ.
    package let goldenLeads: List

    /// Whether nothing differs.
    package var isEmpty: Bool { rules.isEmpty && goldenLeads.isEmpty }

    /// Compares two documents of one owner.
    ///
    /// Entries are matched by id, and those without one by their name.
    package init(from before: RuleSetDocument, to after: RuleSetDocument) {
        rules = Self.compare(
            before.rules.map { Entry(id: $0.id, name: $0.name, tree: $0.tree) },
            after.rules.map { Entry(id: $0.id, name: $0.name, tree: $0.tree) }
        )
        goldenLeads = Self.compare(
            before.goldenLeads.map { Entry(id: $0.id, name: $0.name, tree: $0.tree) },
            after.goldenLeads.map { Entry(id: $0.id, name: $0.name, tree: $0.tree) }
        )
    }

    private struct Entry {
        let id: UUID?
        let name: String
        let tree: JSONValue
    }

    private static func compare(_ before: [Entry], _ after: [Entry]) -> List {
        var list = List()
        var left = before
        let byID = Dictionary(before.compactMap { entry in entry.id.map { ($0, entry) } }) { first, _ in first }
        let idsAfter = Set(after.compactMap(\.id))
        let byName = Dictionary(
            grouping: before.filter { entry in entry.id.map { !idsAfter.contains($0) } ?? true },
            by: \.name
        )
        var matched: Set<Int> = []
        let places = Dictionary(before.enumerated().map { (Key($1), $0) }) { first, _ in first }
        for entry in after {
            var twin = entry.id.flatMap { byID[$0] }
            if twin == nil, let named = byName[entry.name], named.count == 1, entry.id == nil || named[0].id == nil {
                twin = named[0]
            }
            guard let twin else {
                list.added.append(entry.tree)
                continue
            }
            if let place = places[Key(twin)] { matched.insert(place) }
            let (old, new) = (withoutID(twin.tree), withoutID(entry.tree))
            if old != new {
                list.changed.append(Change(id: twin.id ?? entry.id, name: entry.name, before: old, after: new))
            }
        }
        left = left.enumerated().filter { !matched.contains($0.offset) }.map(\.element)
        list.removed = left.map(\.tree)
        return list
    }

    private struct Key: Hashable {
        let id: UUID?
        let name: String
        init(_ entry: Entry) { (id, name) = (entry.id, entry.id == nil ? entry.name : "") }
    }

    private static func withoutID(_ tree: JSONValue) -> JSONValue {
        .object((tree.members ?? []).filter { $0.key != "id" })
    }

    /// The leaves that differ; a list is one leaf.
    static func fields(_ before: JSONValue?, _ after: JSONValue?, at path: String) -> [Field] {
        if before == after { return [] }
        guard case .object(let old)? = before, case .object(let new)? = after else {
            return [Field(path: path, before: before, after: after)]
        }
        var names = old.map(\.key)
        names += new.map(\.key).filter { !names.contains($0) }
        return names.flatMap { name in
            fields(before?[name], after?[name], at: "\(path)/\(name)")
        }
    }
}
