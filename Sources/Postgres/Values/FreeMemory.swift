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

    /// Keeps the allocator from growing with the largest thing that was ever freed.
    ///
    /// glibc takes the size of the largest block that a process has freed for what it usually needs, and keeps twice as
    /// much at the end of each thread's heap, where ``giveBack()`` does not reach: 40 MB after 100,000 rules were loaded.
    /// To be called once, before anything large is done.
    package static func keepLittle() { switchyard_keep_little_memory() }

    /// Gives the pages of the program's own code back, of which starting has touched most: relocations and symbols, the texts
    /// of the migrations, everything that reads settings.
    ///
    /// What is used again is mapped again from the page cache, some microseconds for each sixteen pages: for once, when the
    /// process has started. They are pages of a file, and the system could take them back at any time; but until it does,
    /// they are counted as this process's, by everybody who watches it.
    package static func giveBackCode() { switchyard_give_back_code() }

    /// How many bytes are not free, whatever the process is larger by; 0 where the C library does not say.
    package static var bytesInUse: Int { Int(switchyard_memory_in_use()) }
}
