import LeadStore

extension DiagnosisFinding {
    /// Whether checkpoints are far enough between for the number of leads.
    ///
    /// The first change of a page after a checkpoint logs all of it. Identities fall on pages at random, so that after
    /// each checkpoint all pages of their indexes are logged once more: four times as much room in the log makes that a
    /// fifth of it or less. For less than a gigabyte, PostgreSQL's own default, no change is suggested, and for no more
    /// than eight. `wal_compression` is no help: digests cannot be compressed.
    static func ofWriteAheadLog(_ facts: RoutingFacts) -> DiagnosisFinding {
        let (indexes, log) = (facts.randomIndexBytes >> 20, facts.maximumLogBytes >> 20)
        let state = "max_wal_size \(log) MB, for \(indexes) MB of indexes of identities"
        let wanted = min(indexes * 4, 8192)
        if wanted <= max(log, 1024) { return .good("write-ahead log", state) }
        return .bad(
            "write-ahead log",
            state,
            """
            Most of the log is whole pages, and ingest slower for it: ALTER SYSTEM SET max_wal_size = '\(wanted)MB' \
            and checkpoint_timeout = '15min', then SELECT pg_reload_conf().
            """
        )
    }

    /// Whether the indexes that new leads hit at random fit into PostgreSQL's memory.
    ///
    /// What does not is read, and written out again, for nearly every lead. Nobody is asked for it for less than half a
    /// gigabyte, and none for more than four.
    static func ofSharedMemory(_ facts: RoutingFacts) -> DiagnosisFinding {
        let (indexes, shared) = (facts.randomIndexBytes >> 20, facts.sharedBytes >> 20)
        let state = "shared_buffers \(shared) MB, for \(indexes) MB of indexes of identities"
        let wanted = min(indexes, 4096)
        if wanted <= max(shared, 512) { return .good("shared memory", state) }
        return .bad(
            "shared memory",
            state,
            """
            Each lead reads pages of them at random: ALTER SYSTEM SET shared_buffers = '\(wanted)MB', or a quarter of the \
            machine's memory if that is less, and restart PostgreSQL.
            """
        )
    }
}
