import Glibc

/// File operations whose errors name the path.
enum Files {
    /// Reads a small text file, from a byte on; nil when it is missing, unreadable or a symbolic link.
    static func text(_ path: String, from start: Int = 0, limit: Int = 1 << 16) -> String? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Only the last part of a larger file.
        let size = lseek(descriptor, 0, SEEK_END)
        lseek(descriptor, max(start, size - limit), SEEK_SET)
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let read = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, limit - count)
            }
            guard read > 0 else { break }
            count += read
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// The names in a directory, without dots; nil when it cannot be read.
    static func names(in directory: String) -> [String]? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The target of a symbolic link; nil if the path is not a link.
    static func target(ofLink path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink(path, &buffer, Int(PATH_MAX))
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The path without symbolic links; nil when it does not exist.
    static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// The absolute path, with its links unresolved.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let pointer = getcwd(nil, 0) else { return path }
        defer { free(pointer) }
        return String(cString: pointer) + "/" + path
    }

    /// Owner and mode of the path itself, without following a link; nil if it does not exist.
    static func status(_ path: String) -> stat? {
        var result = stat()
        return lstat(path, &result) == 0 ? result : nil
    }

    /// Creates a directory and its parents; true if the directory is new.
    @discardableResult
    static func makeDirectory(_ path: String, mode: mode_t) throws(EmbeddedPostgresError) -> Bool {
        if mkdir(path, mode) == 0 { return true }
        switch errno {
        case EEXIST:
            return false
        case ENOENT:
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { break }
            // The server's account may enter the parents, but not list them.
            try makeDirectory(String(path[..<slash]), mode: 0o755)
            if mkdir(path, mode) == 0 { return true }
        default:
            break
        }
        throw EmbeddedPostgresError(.directory, "Cannot create \(path): \(String(cString: strerror(errno))).")
    }

    /// Gives a directory of this process to an account; refuses a symbolic link.
    static func give(_ path: String, to account: ServerAccount) throws(EmbeddedPostgresError) {
        guard !account.isCurrent else { return }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fchown(descriptor, account.userID, account.groupID) == 0 else {
            throw EmbeddedPostgresError(
                .directory,
                "Cannot give \(path) to \(account.name): \(String(cString: strerror(errno)))."
            )
        }
    }
}
