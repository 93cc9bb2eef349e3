import CLibPQ

/// The rows of a result; values are decoded when they are read.
package struct Rows: Sendable, RandomAccessCollection {
    let result: ResultSet

    init(_ result: ResultSet) {
        self.result = result
        endIndex = Int(PQntuples(result.pointer))
    }

    package let startIndex = 0
    package let endIndex: Int

    package subscript(position: Int) -> Row {
        precondition(position >= 0 && position < endIndex, "row out of range")
        return Row(result: result, index: Int32(truncatingIfNeeded: position))
    }
}
