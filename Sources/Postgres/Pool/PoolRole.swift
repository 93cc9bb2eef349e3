/// What a session of a pool is there for at the moment.
enum PoolRole {
    /// On its way; of no use yet.
    case connecting
    /// Ready, with nothing to do: it becomes shared or is lent.
    case idle
    /// Takes single statements of any caller, pipelined.
    case shared
    /// Finishes what it has, then is lent.
    case draining
    /// One caller has it.
    case lent
    /// Finishes what it has, then is closed.
    case retiring
    /// Given back, and being put back to what a new session has.
    case resetting
}
