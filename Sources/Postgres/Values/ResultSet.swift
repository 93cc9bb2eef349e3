import CLibPQ
import Synchronization

/// A libpq result, cleared when the last ``Rows`` or ``Row`` releases it.
///
/// A finished result is never written to again, so that any thread may read it.
final class ResultSet: @unchecked Sendable {
    let pointer: OpaquePointer

    #if DEBUG
    /// How many results this process holds; for tests that look for leaks.
    static let alive = Atomic<Int>(0)
    #endif

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        #if DEBUG
        Self.alive.wrappingAdd(1, ordering: .relaxed)
        #endif
    }

    deinit {
        PQclear(pointer)
        #if DEBUG
        Self.alive.wrappingSubtract(1, ordering: .relaxed)
        #endif
    }
}
