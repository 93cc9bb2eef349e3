"""pgbouncer in transaction mode in front of a throw-away cluster."""

import shutil
import socket
import subprocess
import time

import harness
import processes

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")


def version():
    """The version's line, or None where there is no pgbouncer."""
    if PROGRAM is None:
        return None
    return subprocess.run([PROGRAM, "--version"], stdout=subprocess.PIPE, text=True).stdout.split("\n")[0]


class Bouncer:
    """One pgbouncer with three sessions of the server, so that clients really share and swap them."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.port = harness.free_port()
        self.process = None
        self.file = cluster.directory / "pgbouncer.ini"
        self.log = open(cluster.directory / "pgbouncer.log", "ab")
        self.file.write_text(f"""[databases]
postgres = host={cluster.directory} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
server_login_retry = 1
query_wait_timeout = 20
admin_users = postgres
""")
        self.file.chmod(0o644)

    @property
    def url(self):
        return f"postgresql://somebody@127.0.0.1:{self.port}/postgres"

    def start(self):
        self.process = processes.spawn([PROGRAM, str(self.file)], account=self.cluster.account, cwd="/",
                                       env={"PATH": "/usr/bin:/bin"}, stdout=self.log, stderr=self.log)
        for _ in range(400):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.025)
        raise RuntimeError("pgbouncer did not start: " + (self.cluster.directory / "pgbouncer.log").read_text()[-800:])

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def psql(self, sql):
        """Runs SQL as another client of the same pool."""
        command = [str(self.cluster.programs / "psql"), "-X", "-A", "-t", "-q", "-d", self.url, "-c", sql]
        done = subprocess.run(command, env=processes.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout.strip()
