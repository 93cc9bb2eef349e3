"""The checking tools of others: promtool, from Debian's package without installing it, and Sentry's own validator."""

import glob
import importlib
import os
import shutil
import subprocess
import sys

HERE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "..", ".build", "monitoring-tools"))


def promtool():
    """The program's path, or None. The package is unpacked, not installed: it would start a server."""
    known = shutil.which("promtool")
    if known:
        return known
    program = os.path.join(HERE, "prometheus", "usr", "bin", "promtool")
    if os.path.exists(program):
        return program
    os.makedirs(HERE, exist_ok=True)
    try:
        subprocess.run(["apt-get", "-qq", "download", "prometheus"], cwd=HERE, check=True, timeout=300,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        package = glob.glob(os.path.join(HERE, "prometheus_*.deb"))[0]
        subprocess.run(["dpkg-deb", "-x", package, os.path.join(HERE, "prometheus")], check=True, timeout=120)
        os.remove(package)
    except (OSError, subprocess.SubprocessError, IndexError):
        return None
    return program if os.path.exists(program) else None


def sentry_relay():
    """The module, or None."""
    folder = os.path.join(HERE, "python")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        import sentry_relay.processing as module
        return module
    except ImportError:
        pass
    try:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", folder, "sentry-relay"], check=True,
                       timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        importlib.invalidate_caches()
        import sentry_relay.processing as module
        return module
    except (ImportError, OSError, subprocess.SubprocessError):
        return None
