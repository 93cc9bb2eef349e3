"""The disk is full: under the tables, then under the write-ahead log. Each is a small tmpfs of its own."""

import ctypes
import os
import pathlib
import subprocess

import cluster as clusters
from stage import Stage, until

LIBC = ctypes.CDLL(None, use_errno=True)


class Disk:
    """A file system in memory that can be filled."""

    def __init__(self, path, megabytes):
        self.path = pathlib.Path(path)
        self.path.mkdir()
        self.ballast = self.path / "ballast"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "switchyard-faults", str(self.path)], check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            block = bytes(1 << 16)
            try:
                while True:
                    file.write(block)
            except OSError:
                pass

    def make_room(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        # MNT_DETACH: gone from the tree at once, whatever still looks at it.
        LIBC.umount2(os.fsencode(self.path), 2)


class SmallCluster(clusters.Cluster):
    """A cluster whose log is on a disk of its own, in segments of a megabyte."""

    def __init__(self, programs, directory, wal):
        self.wal = wal
        super().__init__(programs, directory)

    def _call(self, program, *arguments, check=True):
        if program == "initdb":
            os.chown(self.wal.path, self.account.pw_uid, self.account.pw_gid)
            arguments += ("-X", str(self.wal.path / "wal"), "--wal-segsize=1")
        return super()._call(program, *arguments, check=check)

    def start(self, *settings):
        super().start("max_wal_size=1GB", "min_wal_size=2MB", "wal_recycle=off", "shared_buffers=16MB", *settings)


def disk(options, check, directory):
    print("# The disk is full")
    try:
        tables = Disk(directory / "tables", 160)
    except (OSError, subprocess.CalledProcessError):
        print("left out: the full disk, because only root can mount a file system")
        return
    wal = Disk(directory / "wal", 96)
    cluster = stage = None
    try:
        cluster = SmallCluster(options.programs, tables.path / "postgres", wal)
        cluster.start()
        stage = Stage(options, check, directory / "disk", cluster)
        node = stage.node()
        told, refused = {}, {}

        def fills(prefix):
            """Leads with much to store, until one is refused; the refusal."""
            for n in range(2000):
                answer = stage.post(node, f"{prefix}{n}", metadata={"x": os.urandom(3000).hex()})
                if answer[0] != 201:
                    refused[f"{prefix}{n}"] = answer[2].get("detail", "")
                    return answer
                told[f"{prefix}{n}"] = answer[2]["id"]
            return answer

        check("a lead is accepted before the fault", stage.post(node, "first")[0] == 201)
        tables.fill()
        stage.says("tables' disk full", fills("t"), "no disk space left", "nothing was stored")
        stage.says_not_ready("tables' disk full", node, "no disk space left")
        stage.doctor_says("tables' disk full", "disk of the database is full", "pg_replication_slots")
        check("tables' disk full: reads work", node.request("GET", "/api/leads?limit=1", key=stage.key)[0] == 200)
        check("tables' disk full: the log gives PostgreSQL's reason", "could not extend file" in node.output, node.output[-500:])
        tables.make_room()
        stage.recovers("tables' disk full", node, "after1")

        wal.fill()
        status, headers, value = fills("w")
        check("write-ahead log's disk full: 503 with Retry-After",
              status == 503 and "Retry-After" in headers, f"{status} {value}")
        print(f"        “{value.get('detail')}”")
        check("write-ahead log's disk full: PostgreSQL stops", until(lambda: cluster.process.poll() is not None, 30), cluster.tail()[-300:])
        stage.says_not_ready("write-ahead log's disk full", node, "database")
        stage.doctor_says("write-ahead log's disk full", "Is PostgreSQL running there?")
        wal.make_room()
        # A supervisor restarts PostgreSQL; the node is not restarted.
        cluster.start()
        stage.recovers("write-ahead log's disk full", node, "after2")
        stored = dict(line.split("|") for line in cluster.run("SELECT source_id, id FROM leads").split("\n"))
        missing = [name for name, id in told.items() if stored.get(name) != id]
        check(f"each of {len(told)} acknowledged leads is stored", not missing, str(missing[:3]))
        false = [name for name, detail in refused.items() if "nothing was stored" in detail and name in stored]
        check("no lead is stored whose answer said that nothing was stored", not false, str(false))
        check("a node ends with 0", node.stop() == 0, node.output[-300:])
    finally:
        if stage:
            stage.close()
        if cluster:
            cluster.close()
        for one in (tables, wal):
            one.close()
