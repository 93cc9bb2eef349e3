/// What kind of value a JSON value is; the raw value is its name in a sentence.
package enum JSONKind: String, Sendable, Hashable {
    case object = "an object"
    case array = "an array"
    case string = "a string"
    case number = "a number"
    case boolean = "true or false"
    case null
}
