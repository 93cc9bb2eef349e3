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
    """Sentry's own processing of events, or None."""
    return module("sentry-relay", "sentry_relay.processing")


def otlp():
    """OpenTelemetry's own definition of what a collector is sent, or None."""
    return module("opentelemetry-proto", "opentelemetry.proto.collector.trace.v1.trace_service_pb2")


def module(package, name):
    """A module of a package that is installed beside the build, or None."""
    folder = os.path.join(HERE, "python")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ImportError:
        pass
    try:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", folder, package], check=True,
                       timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        importlib.invalidate_caches()
        return importlib.import_module(name)
    except (ImportError, OSError, subprocess.SubprocessError):
        return None
