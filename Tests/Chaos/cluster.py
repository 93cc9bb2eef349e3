"""A PostgreSQL cluster that is thrown away, but durable while it lives; and psql."""

import csv
import io
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time

import processes


class Refused(Exception):
    """The database has refused a statement; nothing of it happened."""


class Lost(Exception):
    """The connection was lost; what was under way may or may not have happened."""


class Cluster:
    """A cluster behind a unix socket, run by an account without privileges; fsync is on."""

    def __init__(self, programs, directory):
        self.programs = pathlib.Path(programs)
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.account = None
        self.process = None
        self.port = 5432
        if os.getuid() == 0:
            names = [entry.pw_name for entry in pwd.getpwall()]
            self.account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        self.directory.mkdir()
        if self.account:
            os.chown(self.directory, self.account.pw_uid, self.account.pw_gid)
        self._call("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                   "--data-checksums", "--no-instructions")
        self.log = open(self.directory / "postgres.log", "ab")

    def _call(self, program, *arguments, check=True):
        done = processes.spawn([str(self.programs / program), *arguments], account=self.account, cwd="/",
                               env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        output, _ = done.communicate()
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {output}")
        return output

    def start(self, *settings):
        """Starts the server and waits until it takes connections."""
        settings = ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "listen_addresses=", "max_connections=200",
                    f"unix_socket_directories={self.directory}", "unix_socket_permissions=0700", "shared_buffers=128MB",
                    "max_wal_size=1GB", *settings]
        self.process = processes.spawn(
            [str(self.programs / "postgres"), "-D", str(self.data), *(word for s in settings for word in ("-c", s))],
            sign="QUIT", account=self.account, cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stdout=self.log, stderr=self.log)
        status = self.data / "postmaster.pid"
        for _ in range(2400):
            try:
                lines = status.read_text().split("\n")
                if lines[0] == str(self.process.pid) and lines[7].strip() == "ready":
                    return
            except (OSError, IndexError):
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.025)
        raise RuntimeError("PostgreSQL did not start: " + self.tail())

    def stop(self, mode):
        """Stops the server by pg_ctl: immediate is a crash."""
        self._call("pg_ctl", "stop", "-D", str(self.data), "-m", mode, "-w", "-t", "60")
        self.process.wait(60)

    def restart(self, mode):
        self.stop(mode)
        self.start()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.log.close()

    def tail(self):
        return (self.directory / "postgres.log").read_text(errors="replace")[-2000:]

    @property
    def socket(self):
        return str(self.directory / ".s.PGSQL.5432")

    @property
    def url(self):
        return f"postgresql://postgres@/postgres?host={self.directory}&port={self.port}"

    def psql(self, *arguments):
        """psql as a process, standard error in its output."""
        command = [str(self.programs / "psql"), "-X", "-A", "-t", "-d", self.url, *arguments]
        env = processes.environment(PGOPTIONS="-c client_min_messages=warning -c statement_timeout=20s",
                                    PGAPPNAME="chaos", PGCONNECT_TIMEOUT="10")
        return processes.spawn(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)

    def run(self, sql):
        """Runs statements in a session of their own; returns what is printed."""
        process = self.psql("-q", "-v", "ON_ERROR_STOP=1")
        output, _ = process.communicate(sql)
        if process.returncode == 2:
            raise Lost(output)
        if process.returncode:
            raise Refused(output)
        return output.rstrip("\n")

    def rows(self, query):
        """The rows of a query as dictionaries; NULL is None, everything else text."""
        process = self.psql("-q", "-v", "ON_ERROR_STOP=1", "-c", "SET statement_timeout = 0",
                            "-c", f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER, NULL '\\N')")
        output, _ = process.communicate()
        if process.returncode:
            raise Refused(output)
        found = list(csv.reader(io.StringIO(output)))
        return [dict(zip(found[0], (None if v == "\\N" else v for v in row))) for row in found[1:]]

    def amcheck(self):
        """Checks every table and index of the database; returns what is wrong, or nothing."""
        program = self.programs / "pg_amcheck"
        if not program.exists():
            found = shutil.which("pg_amcheck")
            if not found:
                return "pg_amcheck was not found beside the server's programs"
            program = found
        done = subprocess.run(
            [str(program), "--install-missing", "--heapallindexed", "--parent-check", "-h", str(self.directory), "-U",
             "postgres", "-d", "postgres"], env=processes.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return "" if done.returncode == 0 and not done.stdout.strip() else done.stdout or f"exit {done.returncode}"


class Session:
    """A session of psql that stays open, like that of another program."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.process = None

    def run(self, sql):
        """Runs statements; returns the lines printed, command tags among them. Raises `Refused` or `Lost`."""
        if self.process is None or self.process.poll() is not None:
            self.process = self.cluster.psql("-v", "ON_ERROR_STOP=0")
        lines = []
        try:
            self.process.stdin.write(sql + "\n\\echo @done\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                line = line.rstrip("\n")
                if line == "@done":
                    break
                lines.append(line)
            else:
                raise BrokenPipeError
        except (BrokenPipeError, ValueError):
            self.close()
            raise Lost("\n".join(lines)) from None
        errors = [line for line in lines if line.startswith(("ERROR:", "FATAL:", "psql: error"))]
        if any("server closed the connection" in line or "terminating connection" in line for line in lines):
            self.close()
            raise Lost("\n".join(lines))
        if errors:
            if "BEGIN;" in sql:
                self.run("ROLLBACK;")
            raise Refused(errors[0])
        return lines

    def close(self):
        """Ends it without a word, as a program that is killed does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                try:
                    stream.close()
                except OSError:
                    pass
            self.process = None
