import CLibPQ

/// Memory that the process has freed and the allocator keeps.
///
/// glibc returns memory to the system only from the end of its heap, so one small live value behind many freed ones
/// keeps all of them resident. A node that has once loaded a hundred thousand rules would never shrink again.
package enum FreeMemory {
    /// Returns freed memory to the system.
    ///
    /// For the end of something large and rare, such as loading many rules: it walks the whole heap, which takes some
    /// milliseconds for a hundred megabytes, and allocations may wait for it.
    package static func releaseToSystem() { switchyard_release_memory() }

    /// Limits how much freed memory the allocator retains.
    ///
    /// glibc derives its threshold from the largest block that a process has freed, and retains twice as much at the
    /// end of each thread's heap, out of reach of ``releaseToSystem()``: 40 MB after 100,000 rules were loaded. Call it
    /// once, before any large allocation.
    package static func limitRetention() { switchyard_limit_retention() }

    /// The number of bytes in use; 0 where the C library does not report it.
    package static var bytesInUse: Int { Int(switchyard_memory_in_use()) }
}
