package import FoundationEssentials
package import JSON

/// The differences between two documents, rule by rule and field by field.
package struct RuleSetDifference: Sendable, Hashable {
    /// A field that differs.
    package struct Field: Sendable, Hashable {
        /// The field, as a JSON pointer into the rule.
        package let path: String
        /// The old value; nil if it was missing.
        package let before: JSONValue?
        /// The new value; nil if it is missing.
        package let after: JSONValue?
    }

    /// A rule or a golden lead that both documents have, with differences.
    package struct Change: Sendable, Hashable {
        /// Its id, if it has one.
        package let id: UUID?
        /// Its new name.
        package let name: String
        /// The old form.
        package let before: JSONValue
        /// The new form.
        package let after: JSONValue
        /// The fields that differ.
        package var fields: [Field] { RuleSetDifference.fields(before, after, at: "") }
    }

    /// The differences of one list.
    package struct List: Sendable, Hashable {
        /// The added entries.
        package var added: [JSONValue] = []
        /// The removed entries.
        package var removed: [JSONValue] = []
        /// The changed entries.
        package var changed: [Change] = []

        /// Whether the lists are equal.
        package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
    }

    /// The rules that differ.
    package let rules: List
    /// The golden leads that differ.
    package let goldenLeads: List

    /// Whether the documents are equal.
    package var isEmpty: Bool { rules.isEmpty && goldenLeads.isEmpty }

    /// Compares two documents of one owner.
    ///
    /// Entries are matched by id, or without an id by name.
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
            var match = entry.id.flatMap { byID[$0] }
            if match == nil, let named = byName[entry.name], named.count == 1, entry.id == nil || named[0].id == nil {
                match = named[0]
            }
            guard let match else {
                list.added.append(entry.tree)
                continue
            }
            if let place = places[Key(match)] { matched.insert(place) }
            let (old, new) = (withoutID(match.tree), withoutID(entry.tree))
            if old != new {
                list.changed.append(Change(id: match.id ?? entry.id, name: entry.name, before: old, after: new))
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
