# shellcheck shell=bash
# Functions of the scripts; sourced with the working directory at the project's root.

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# Finds a Swift of swiftly that is not in PATH.
find_swift() {
    local directory
    command -v swift >/dev/null 2>&1 && return 0
    for directory in "${SWIFTLY_BIN_DIR:-${HOME:-/root}/.local/share/swiftly/bin}" /opt/swift/usr/bin /usr/share/swift/usr/bin; do
        if [ -x "$directory/swift" ]; then
            PATH="$directory:$PATH"
            return 0
        fi
    done
    return 1
}

# Prints the folder with Swift's programs; fails if there is none. It is not the folder of swiftly, whose `swift` only starts another.
swift_programs() {
    local directory
    for directory in "$(dirname "$(readlink -f "$(command -v swift)")")" \
        "${SWIFTLY_TOOLCHAINS_DIR:-${HOME:-/root}/.local/share/swiftly/toolchains}"/*/usr/bin; do
        if [ -x "$directory/swift-frontend" ]; then
            printf '%s\n' "$directory"
            return 0
        fi
    done
    return 1
}

# Prints a Python that can read YAML and check JSON against a schema; fails when there is none.
docs_python() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import jsonschema, yaml' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

# long_step TITLE LOG COMMAND…: runs a long command with its output in LOG.
#
# A terminal sees a line that moves, a log file a line every half minute; a failure shows the end of LOG.
long_step() {
    local title=$1 log=$2 pid status=0 start=$SECONDS next=30 last elapsed columns=
    shift 2
    if [ -t 2 ]; then columns=$(stty size <&2 2>/dev/null | cut -d ' ' -f 2) || true; fi
    [ "${columns:-0}" -ge 30 ] || columns=80
    mkdir -p "$(dirname "$log")"
    say "$title …"
    # In its own process group, so that all of it can be stopped.
    set -m
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    set +m
    # shellcheck disable=SC2016
    local end='kill -- "-$pid" 2>/dev/null; wait "$pid" 2>/dev/null || true; exit'
    # shellcheck disable=SC2064
    trap "$end 129" HUP && trap "$end 130" INT && trap "$end 143" TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        elapsed=$((SECONDS - start))
        if [ -t 2 ] && [ "$elapsed" -ge 2 ]; then
            last=$(tail -n 1 "$log" | tr -d '\r' | cut -c "1-$((columns - 14))")
            printf '\r\033[K  %3d s  %s' "$elapsed" "$last" >&2
        elif [ ! -t 2 ] && [ "$elapsed" -ge "$next" ]; then
            say "  $elapsed s  $(tail -n 1 "$log" | cut -c 1-90)"
            next=$((next + 30))
        fi
    done
    wait "$pid" || status=$?
    trap - HUP INT TERM
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
    if [ "$status" -ne 0 ]; then
        # The compiler's errors, else the last lines.
        grep -E '(^|: )(error|fatal error): ' "$log" | sort -u | head -n 20 >&2 || tail -n 30 "$log" >&2
        say "$title: failed after $((SECONDS - start)) s; see $log"
    elif [ "$((SECONDS - start))" -ge 5 ]; then
        say "  done in $((SECONDS - start)) s"
    fi
    return "$status"
}

# Prints the folder of the newest PostgreSQL programs, 15 or later; fails when there are none.
postgres_programs() {
    local directory major best='' best_major=14
    for directory in "${SWITCHYARD_POSTGRES_BIN:-}" /usr/lib/postgresql/*/bin \
        "$(dirname "$(command -v postgres 2>/dev/null || echo /nowhere/postgres)")" \
        "$(pg_config --bindir 2>/dev/null || true)"; do
        [ -n "$directory" ] && [ -x "$directory/postgres" ] && [ -x "$directory/initdb" ] || continue
        major=$("$directory/postgres" --version 2>/dev/null | sed -E 's/^[^)]*\) ([0-9]+).*/\1/')
        case $major in '' | *[!0-9]*) continue ;; esac
        if [ "$directory" = "${SWITCHYARD_POSTGRES_BIN:-}" ] || [ "$major" -gt "$best_major" ]; then
            best=$directory
            best_major=$major
        fi
        [ "$directory" != "${SWITCHYARD_POSTGRES_BIN:-}" ] || break
    done
    [ -n "$best" ] || return 1
    printf '%s\n' "$best"
}

# The flags of every release build: with Swift's runtime inside, so that tests and measurements use the installed program,
# and without debug information, which the package strips and which takes the compiler a twelfth of its time.
release_flags=(-c release --static-swift-stdlib -debug-info-format none)

# build_release PRODUCT: a release build; script/compile is its compiler.
build_release() {
    SWITCHYARD_SWIFTC=$(swift_programs)/swiftc SWIFT_EXEC=$PWD/script/compile \
        swift build "${release_flags[@]}" --product "$1"
}

# The version of `switchyard --version`, defined in one place.
program_version() { sed -nE 's/.*static let current = "([^"]+)".*/\1/p' Sources/SwitchyardServer/Version.swift; }

# package_version VERSION REVISION: Debian's version. Before its heading is in CHANGELOG.md it sorts below the release, and
# above packages of earlier commits.
package_version() {
    local count
    if grep -qE "^## \[?${1//./\\.}(\]| |\$)" CHANGELOG.md; then
        echo "$1-$2"
    else
        count=$(git rev-list --count HEAD 2>/dev/null || echo 0)
        echo "$1~dev$count-$2"
    fi
}

# The maintainer of the package, in Debian's form: Name <address>.
package_maintainer() { echo "${DEBFULLNAME:-Switchyard maintainers} <${DEBEMAIL:-maintainers@switchyard.example}>"; }

# The time of the last commit, in seconds, so that the same commit makes the same package; now where git does not say.
source_date() { echo "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}"; }
