/// The present use of a session of the pool.
enum PoolRole {
    /// Being connected; not usable yet.
    case connecting
    /// Ready and without work: it becomes shared or is lent.
    case idle
    /// Takes single statements of any caller, pipelined.
    case shared
    /// Finishes its work, then is lent.
    case draining
    /// Lent to one caller.
    case lent
    /// Finishes its work, then is closed.
    case retiring
    /// Released, and being reset to the state of a new session.
    case resetting
}
