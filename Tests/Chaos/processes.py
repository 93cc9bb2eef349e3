"""Starts processes so that none outlives the harness, and ends them."""

import concurrent.futures
import os
import signal
import subprocess
import threading

# The kernel ends a child when the thread that started it ends: so one thread starts all of them, and stays.
_starter = concurrent.futures.ThreadPoolExecutor(1, "starter")
_started = []
_lock = threading.Lock()
SETPRIV = "/usr/bin/setpriv"


def environment(**more):
    """The environment without anything that would point at another database."""
    keep = {k: v for k, v in os.environ.items()
            if k == "SWITCHYARD_POSTGRES_BIN" or not k.startswith(("PG", "DATABASE_", "SWITCHYARD_", "SUPABASE_", "DISABLE_"))}
    keep.update(more)
    return keep


def spawn(command, sign="KILL", account=None, **options):
    """Starts a process that gets a signal when the harness dies, as another account if one is named."""
    prefix = []
    if os.path.exists(SETPRIV):
        prefix = [SETPRIV, "--pdeathsig", sign]
        if account:
            prefix += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups"]
    elif account:
        raise SystemExit("setpriv is missing: script/setup --tests installs it")
    options.setdefault("stdin", subprocess.DEVNULL)
    # Away from the terminal's ^C, which is for the harness alone.
    process = _starter.submit(subprocess.Popen, prefix + command, start_new_session=True, **options).result()
    with _lock:
        _started[:] = [p for p in _started if p.returncode is None] + [process]
    return process


def end_all():
    """Ends whatever was started and still runs."""
    with _lock:
        left = [process for process in _started if process.poll() is None]
    for process in left:
        for sign in (signal.SIGCONT, signal.SIGKILL):
            try:
                process.send_signal(sign)
            except OSError:
                pass
    for process in left:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            pass


def family(pid):
    """A process and everything that it has begun, directly or not; PostgreSQL's are sessions of their own."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            pass
    found = [pid]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found


def signal_family(pid, sign):
    """Sends a signal to a process and everything that it has begun, the first one first."""
    for one in family(pid):
        try:
            os.kill(one, sign)
        except OSError:
            pass
