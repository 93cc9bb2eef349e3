import LeadStore

extension DiagnosisFinding {
    /// Checks whether checkpoints are rare enough for the number of leads.
    ///
    /// The first change of a page after a checkpoint logs the whole page. Identities fall on random pages, so after
    /// each checkpoint all pages of their indexes are logged again. A log of four times their size reduces that to a
    /// fifth of the log or less. No change is suggested below a gigabyte, PostgreSQL's default, and at most eight
    /// gigabytes are suggested. `wal_compression` does not help, because digests cannot be compressed.
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

    /// Checks whether the indexes that new leads access at random fit into PostgreSQL's memory.
    ///
    /// Pages that do not fit are read and written again for nearly every lead. No change is suggested below half a
    /// gigabyte, and at most four gigabytes are suggested.
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
