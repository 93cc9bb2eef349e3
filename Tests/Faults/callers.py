"""Callers that connect and say nothing, as many as there may be; and a node that may open few files."""

import os
import pathlib
import resource
import socket
import time

from stage import until

RESERVE = 400


def allow(files):
    """Raises this process's own limit; how many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < files and os.getuid() == 0:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        except (OSError, ValueError):
            pass
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    return min(files, hard)


def connect(port, count):
    """So many silent connections; as many as can be had."""
    found = []
    for _ in range(count):
        s = socket.socket()
        s.settimeout(5)
        try:
            s.connect(("127.0.0.1", port))
            found.append(s)
        except OSError:
            s.close()
            break
    return found


def memory(node):
    for line in pathlib.Path(f"/proc/{node.process.pid}/status").read_text().split("\n"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


def busy(node, seconds=1.5):
    """The share of one core that a node takes without requests."""
    def ticks():
        fields = pathlib.Path(f"/proc/{node.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    before = ticks()
    time.sleep(seconds)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds


def answers(stage, node, what, tag):
    """Health and posts are answered on connections of their own, each within ten seconds; how long it took is printed, not judged, since others may use the machine."""
    longest, good = 0.0, True
    for n in range(20):
        begun = time.monotonic()
        try:
            good = good and node.request("GET", "/healthz", timeout=10)[0] == 200 and stage.post(node, f"{tag}{n}", timeout=10)[0] == 201
        except OSError as error:
            good = False
            print(f"        {error!r}")
        longest = max(longest, time.monotonic() - begun)
    stage.check(f"{what}: health and posts are answered", good, f"{longest:.2f} s")
    return longest


def callers(stage):
    print("# Ten thousand connections that send nothing")
    allowed = allow(12_000)
    wanted = min(10_000, allowed - RESERVE)
    if wanted < 10_000:
        print(f"left out: {10_000 - wanted} of 10,000 silent connections, because of ulimit -Hn {allowed}; as root it is raised")
    node = stage.node()
    answers(stage, node, "other client", "calm")
    before = memory(node)
    begun = time.monotonic()
    silent = connect(node.port, wanted)
    took = time.monotonic() - begun
    stage.check(f"{wanted} silent connections are made", len(silent) == wanted, str(len(silent)))
    longest = answers(stage, node, f"{wanted} silent connections", "crowd")
    print(f"        {wanted} connections in {took:.1f} s; health and a post together took {longest * 1000:.0f} ms at most; "
          f"memory {before} MB before, {memory(node)} MB with them")
    idle = busy(node)
    stage.check("the node is idle while they are connected", idle < 0.5, f"{idle:.2f} cores")
    for s in silent:
        s.close()
    answers(stage, node, "after they have gone", "gone")
    stage.check("the node ends with 0", node.stop() == 0, node.output[-300:])

    print("# A node that may open few files")
    few = limited(stage, 1024)
    stage.check("ulimit -n 1024: the log says how many connections are served, and what to do",
                few.wait_for("is listening", 30) and "limit of open files" in few.output and "LimitNOFILE" in few.output, few.output[-400:])
    silent = connect(few.port, 2000)
    answers(stage, few, f"{len(silent)} silent connections at ulimit -n 1024", "few")
    idle = busy(few)
    stage.check("ulimit -n 1024: no busy loop", idle < 0.5, f"{idle:.2f} cores")
    stage.check("ulimit -n 1024: the node never runs out of open files", "Too many open files" not in few.output, few.output[-400:])
    for s in silent:
        s.close()
    answers(stage, few, "ulimit -n 1024, after they have gone", "few-gone")
    stage.check("the node ends with 0", few.stop() == 0, few.output[-300:])
    none = limited(stage, 100)
    stage.check("ulimit -n 100: it does not start, and says why", none.process.wait(30) != 0 and none.wait_for("LimitNOFILE", 5), none.output[-400:])
    print(f"        {none.output.strip()[:200]}")


def limited(stage, files):
    """A node that may open so many files, and may not raise that."""
    wrapper = stage.directory / f"limited{files}"
    wrapper.write_text(f"#!/bin/sh\nulimit -n {files} && exec '{stage.binary}' \"$@\"\n")
    wrapper.chmod(0o755)
    return stage.node(binary=str(wrapper), wait=False)
