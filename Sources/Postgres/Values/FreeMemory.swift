import CLibPQ

/// What the process has freed and the allocator keeps.
///
/// glibc returns memory to the system only from the end of its heap, so that one small value behind many freed ones keeps
/// all of them resident: a node that has loaded a hundred thousand rules once would be as large as its garbage for ever.
package enum FreeMemory {
    /// Gives it back to the system.
    ///
    /// For the end of something large and rare, such as the loading of many rules: it walks over the whole heap, some
    /// milliseconds for a hundred megabytes, and whoever allocates meanwhile may wait for it.
    package static func giveBack() { switchyard_give_back_memory() }
}
