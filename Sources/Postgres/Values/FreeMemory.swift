import CLibPQ

/// What the process has freed and the allocator keeps.
///
/// glibc returns memory to the system only from the end of its heap, so that one small value behind many freed ones
/// keeps all of them resident: a node that has loaded a hundred thousand rules once would be as large as its garbage
/// for ever.
package enum FreeMemory {
    /// Gives it back to the system.
    ///
    /// For the end of something large and rare, such as the loading of many rules: it walks over the whole heap, some
    /// milliseconds for a hundred megabytes, and allocations in between may wait for it.
    package static func releaseToSystem() { switchyard_release_memory() }

    /// Keeps the allocator from growing with the largest thing that was ever freed.
    ///
    /// glibc takes the size of the largest block that a process has freed for what it usually needs, and keeps twice as
    /// much at the end of each thread's heap, where ``releaseToSystem()`` does not reach: 40 MB after 100,000 rules were
    /// loaded. To be called once, before anything large is done.
    package static func limitRetention() { switchyard_limit_retention() }

    /// How many bytes are not free, whatever the process is larger by; 0 where the C library does not say.
    package static var bytesInUse: Int { Int(switchyard_memory_in_use()) }
}
