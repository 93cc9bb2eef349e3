"""A pair that pg_auto_failover looks after: a monitor that watches, and a keeper beside each server."""

import os
import pathlib
import shutil
import subprocess

import harness
import processes
from members import account, kill_family, query, until

PROGRAM = shutil.which("pg_autoctl")


class Keeper:
    """pg_autoctl with the PostgreSQL that it runs; the monitor is one as well."""

    def __init__(self, programs, directory, name):
        self.programs = pathlib.Path(programs)
        self.directory = pathlib.Path(directory) / name
        self.name = name
        self.port = harness.free_port()
        self.account = account()
        self.directory.mkdir()
        if self.account:
            os.chown(self.directory, self.account.pw_uid, self.account.pw_gid)
        self.process = None
        self.log = open(self.directory / "keeper.log", "ab")
        home = str(self.directory)
        self.env = {"PATH": f"{self.programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": home, "PGDATA": f"{home}/data",
                    "XDG_RUNTIME_DIR": home, "XDG_CONFIG_HOME": f"{home}/config", "XDG_DATA_HOME": f"{home}/share"}

    def create(self, kind, *arguments):
        command = [PROGRAM, "create", kind, "--pgctl", str(self.programs / "pg_ctl"), "--pgport", str(self.port),
                   "--hostname", "127.0.0.1", "--auth", "trust", "--no-ssl", *arguments]
        done = processes.spawn(command, account=self.account, cwd="/", env=self.env, stdout=self.log, stderr=self.log)
        if done.wait(90):
            raise RuntimeError(f"pg_autoctl create {kind} failed: " + self.tail())

    def run(self):
        self.process = processes.spawn([PROGRAM, "run"], sign="QUIT", account=self.account, cwd="/", env=self.env,
                                       stdout=self.log, stderr=self.log)

    def tail(self):
        return (self.directory / "keeper.log").read_text(errors="replace")[-2500:]

    def query(self, sql):
        return query(self.programs, self.port, sql)

    def kill(self):
        """SIGKILL for the keeper, its server and every process of theirs, as when the machine goes."""
        kill_family(self.process)

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.log.close()


class Pair:
    """Monitor, primary and secondary."""

    def __init__(self, programs, directory):
        self.monitor = Keeper(programs, directory, "monitor")
        self.members = [Keeper(programs, directory, name) for name in ("a", "b")]

    def start(self):
        self.monitor.create("monitor")
        self.monitor.run()
        if not until(lambda: self.ask("SELECT 1") == "1", 60):
            raise RuntimeError("the monitor did not start: " + self.monitor.tail())
        url = f"postgres://autoctl_node@127.0.0.1:{self.monitor.port}/pg_auto_failover?sslmode=disable"
        for member, state in zip(self.members, ("single", "secondary")):
            member.create("postgres", "--monitor", url, "--name", member.name, "--listen", "127.0.0.1",
                          "--username", "postgres", "--dbname", "postgres")
            member.run()
            if not until(lambda: state in self.states().get(member.name, ""), 120, 0.2):
                raise RuntimeError(f"{member.name} did not become {state}: {self.states()} " + member.tail())
        if not until(lambda: self.states().get("a") == "primary", 60, 0.2):
            raise RuntimeError(f"no pair: {self.states()}")

    def ask(self, sql):
        url = f"postgresql://autoctl_node@127.0.0.1:{self.monitor.port}/pg_auto_failover?connect_timeout=3"
        done = subprocess.run([str(self.monitor.programs / "psql"), "-X", "-A", "-t", "-q", "-d", url, "-c", sql],
                              env=processes.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    def states(self):
        """What the monitor knows of each member."""
        rows = self.ask("SELECT nodename, reportedstate FROM pgautofailover.node WHERE reportedstate = goalstate") or ""
        return dict(line.split("|") for line in rows.split("\n") if "|" in line)

    def close(self):
        for keeper in [*self.members, self.monitor]:
            keeper.close()
