#!/usr/bin/env python3
"""The Debian package as an administrator meets it: installed in a clean Debian 12, started, used, upgraded, removed, purged.

    Tests/Package/run.py --package FILE.deb [--cache FILE.tar] [--keep]

As root. The system is made by debootstrap (its archive is kept at --cache) and booted by systemd-nspawn, so that systemd
itself runs the unit; where that does not work the parts that need it are left out, and said to be. Nothing stays.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "EndToEnd"))

import harness  # noqa: E402
from machine import Machine, call  # noqa: E402

ROOT = HERE.parents[1]
NEEDED = "adduser libpq5 libyaml-0-2 libstdc++6 libgcc-s1 libcurl4 libssl3 postgresql-15 postgresql curl"
SETTINGS = "/etc/switchyard/switchyard.conf"
STATE = "/var/lib/switchyard"
check = harness.Checks()


def older(package, folder):
    """The same program as a version before it, with a settings file that has changed since."""
    tree = folder / "older"
    call("dpkg-deb", "-R", package, tree)
    control = tree / "DEBIAN" / "control"
    control.write_text(re.sub(r"(?m)^Version: .*$", "Version: 0.0.9-1", control.read_text()))
    conf = tree / SETTINGS.lstrip("/")
    conf.write_text(conf.read_text().split("\n# LOG_LEVEL", 1)[0])
    made = folder / "older.deb"
    call("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, made)
    shutil.rmtree(tree)
    return made


def the_file(package, folder):
    """The package before it is installed anywhere."""
    print("the package")
    done = call("lintian", "--fail-on", "error,warning", "--tag-display-limit", "0", "--allow-root", package, check=False)
    check("lintian finds nothing", done.returncode == 0, done.stdout[-3000:])
    call("dpkg-deb", "-x", package, folder / "content")
    pages = sorted((folder / "content/usr/share/man").glob("man*/*"))
    wrong = ""
    for page in pages:
        text = subprocess.run(["gzip", "-dc", str(page)], stdout=subprocess.PIPE, check=True).stdout
        wrong += subprocess.run(["mandoc", "-Tlint", "-Wwarning"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                check=False).stdout.decode()
    check("the man pages are well-formed", len(pages) > 10 and not wrong, wrong[-800:])
    program = str(folder / "content/usr/bin/switchyard")
    commands = {c["commandName"] for c in json.loads(call(program, "--experimental-dump-help").stdout)["command"]["subcommands"]}
    paged = {p.name.split(".")[0].removeprefix("switchyard-") for p in pages if p.name.startswith("switchyard-")}
    check("each command has its page", commands - {"help"} == paged, str(commands ^ paged))
    shells = {"bash": "bash-completion/completions/switchyard", "zsh": "zsh/vendor-completions/_switchyard",
              "fish": "fish/vendor_completions.d/switchyard.fish"}
    for shell, file in shells.items():
        path = folder / "content/usr/share" / file
        if shutil.which(shell):
            done = call(shell, "-n", path, check=False)
            check(f"{shell} reads its completions", done.returncode == 0 and path.stat().st_size > 1000, done.stdout)
    if shutil.which("bash"):
        asked = (f"source '{folder}/content/usr/share/bash-completion/completions/switchyard'; COMP_WORDS=(switchyard mig); COMP_CWORD=1; "
                 "COMP_LINE='switchyard mig'; COMP_POINT=14; _switchyard switchyard mig switchyard 2>/dev/null; echo \"${COMPREPLY[*]}\"")
        done = call("bash", "-c", asked, check=False)
        check("bash completes a command", done.stdout.strip() == "migrate", done.stdout)
    held = (folder / "content" / SETTINGS.lstrip("/")).read_text()
    check("the settings file sets nothing, and names everything", not [x for x in held.split("\n") if x and not x.startswith("#")]
          and "#DATABASE_URL=" in held and "#SENTRY_DSN=" in held)
    shutil.rmtree(folder / "content")


def first_installation(machine, old):
    """With what it depends on and nothing else."""
    print("a first installation")
    shutil.copy(old, machine.root / "old.deb")
    done = machine.enter("apt-get -qq -y --no-install-recommends install /old.deb", check=False)
    check("it installs on a clean system", done.returncode == 0, done.stdout[-1500:])
    check("the installation prints the first steps", "systemctl enable --now switchyard" in done.stdout, done.stdout[-600:])
    said = machine.enter("switchyard --version", check=False)
    check("the program runs with what it depends on alone", said.returncode == 0 and
          said.stdout.strip() == call(ROOT / "script/release-notes", "--version").stdout.strip(), said.stdout[-600:])
    check("dpkg finds every file as it was packed", machine.enter("dpkg --verify switchyard", check=False).stdout.strip() in ("", f"??5?????? c {SETTINGS}"))
    modes = machine.enter(f"stat -c '%a %U %G' {SETTINGS} {STATE}").stdout.split("\n")
    check("the settings file and the folder have the right owner and mode", modes[:2] == ["640 root switchyard", "700 switchyard switchyard"], str(modes))
    entry = machine.enter("getent passwd switchyard").stdout
    check("the account cannot log in", entry.strip().endswith("/usr/sbin/nologin"), entry)
    again = machine.enter("/var/lib/dpkg/info/switchyard.postinst configure 0.0.9-1 && /var/lib/dpkg/info/switchyard.postinst configure ''", check=False)
    check("the postinst script can run again", again.returncode == 0, again.stdout)
    machine.enter("apt-get -qq -y --no-install-recommends install postgresql curl")


class Service:
    """The server in the machine, run by its systemd, or as the unit's account where there is none."""

    def __init__(self, machine, booted):
        self.machine, self.booted = machine, booted
        self.process = None

    def start(self):
        if self.booted:
            self.machine.enter("systemctl enable --now switchyard")
        else:
            self.process = subprocess.Popen(["chroot", str(self.machine.root), "switchyardctl", "serve"], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.booted:
            return self.machine.enter("systemctl stop switchyard").returncode
        self.process.terminate()
        return self.process.wait(30)

    def ready(self, seconds=60):
        """Waits until it answers; returns what it says of itself."""
        deadline = time.monotonic() + seconds
        while True:
            done = self.curl("/readyz", "-f")
            if done.returncode == 0 or time.monotonic() > deadline:
                return done
            time.sleep(0.2)

    def curl(self, path, more=""):
        return self.machine.enter(f"curl -s {more} http://127.0.0.1:8080{path}", check=False)

    def shown(self, name):
        return self.machine.enter(f"systemctl show -p {name} --value switchyard").stdout.strip()


def post(machine, service, key, workspace, email):
    body = json.dumps({"workspaceId": workspace, "email": email, "company": "Hopper Compilers", "companySize": "10001+"})
    (machine.root / "body.json").write_text(body)
    done = service.curl("/api/leads", f"-H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d @/body.json")
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"answer": done.stdout}


def first_start(machine, service):
    """The database is named, the schema made, the server started, a lead routed."""
    print("the first start")
    if service.booted:
        seen = machine.enter("systemd-analyze verify --man=no /lib/systemd/system/switchyard.service 2>&1", check=False)
        check("systemd-analyze verify reports nothing about the unit", seen.returncode == 0 and not seen.stdout.strip(), seen.stdout[-800:])
        exposed = machine.enter("systemd-analyze security --no-pager switchyard.service", check=False).stdout.strip().split("\n")[-1]
        found = re.search(r"([\d.]+) (\w+)", exposed)
        check("systemd rates the unit's exposure below 2.0", found and float(found[1]) < 2.0, exposed)
        print("        " + exposed.strip("→ "))
        idle = machine.enter("systemctl is-active switchyard; systemctl is-enabled switchyard", check=False).stdout.split()
        check("the installation starts and enables no service", idle == ["inactive", "disabled"], str(idle))
    else:
        machine.enter("pg_ctlcluster 15 main start")
    machine.enter("su postgres -c 'createuser --createrole switchyard && createdb --owner switchyard switchyard'")
    machine.enter(f"sed -i 's|^#DATABASE_URL=.*|DATABASE_URL=postgresql:///switchyard?host=/var/run/postgresql|' {SETTINGS}")
    done = machine.enter("switchyardctl migrate up", check=False)
    check("switchyardctl migrate up", done.returncode == 0 and "Applied" in done.stdout, done.stdout[-1500:])
    done = machine.enter("switchyardctl migrate verify", check=False)
    check("switchyardctl migrate verify", done.returncode == 0 and "✗" not in done.stdout, done.stdout[-1500:])
    machine.enter("switchyardctl demo")
    service.start()
    done = service.ready()
    check("the server answers", done.returncode == 0, done.stdout + log(machine, service))
    done = machine.enter("switchyardctl doctor", check=False)
    check("switchyardctl doctor finds nothing wrong", done.returncode == 0 and "✗" not in done.stdout, done.stdout[-2500:])
    done = machine.enter("setpriv --reuid=nobody --clear-groups switchyardctl doctor", check=False)
    check("other accounts cannot use switchyardctl", done.returncode == 77, done.stdout)
    key = re.search(r"swy_\w+", machine.enter("switchyardctl keys create --administrator --name package").stdout)[0]
    listed = json.loads(service.curl("/api/workspaces", f"-H 'Authorization: Bearer {key}'").stdout)
    workspace = next(w["id"] for w in listed["workspaces"] if w["name"] == "Atlas Inbound")
    lead = post(machine, service, key, workspace, "grace@example.com")
    check("a lead is routed", lead.get("status") == "routed" and lead.get("matchedRuleName") == "Enterprise accounts", str(lead))
    return key, workspace


def log(machine, service):
    if not service.booted:
        return ""
    return machine.enter("journalctl -u switchyard -o cat --no-pager | tail -n 30", check=False).stdout


def hardened(machine, service, key, workspace):
    """What the unit takes from the server, as the kernel has it, and how it ends."""
    print("the service")
    check("only the server runs under its account", running(machine) == "switchyard", running(machine))
    pid = service.shown("MainPID")
    status = machine.enter(f"cat /proc/{pid}/status").stdout
    held = dict(re.findall(r"(?m)^(\w+):\s*(.*)$", status))
    account = machine.enter("id -u switchyard").stdout.strip()
    check("the server has its own account, no capabilities, a system call filter and NoNewPrivileges", held["Uid"].split()[0] == account
          and held["CapEff"] == held["CapBnd"] == "0" * 16 and held["NoNewPrivs"] == "1" and held["Seccomp"] == "2", status[-900:])
    inside = f"nsenter --mount --target={pid} setpriv --reuid={account} --regid={account} --clear-groups"
    for place, allowed in ((STATE, True), ("/etc", False), ("/usr/bin", False), ("/var/log", False), ("/home", False)):
        done = machine.enter(f"{inside} sh -c 'touch {place}/probe && rm {place}/probe'", check=False)
        check(f"it can{'' if allowed else 'not'} write to {place}", (done.returncode == 0) == allowed, done.stdout)
    lines = log(machine, service).strip().split("\n")
    check("the journal has lines of JSON", any(line.startswith("{") for line in lines), lines[-1])
    everything = machine.enter("journalctl -u switchyard --no-pager -o cat").stdout
    check("the journal contains neither the address nor the key", "grace@example.com" not in everything and key not in everything)
    machine.enter(f"kill -KILL {pid}")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and service.shown("MainPID") in (pid, "0"):
        time.sleep(0.2)
    check("systemd starts a killed server again", service.ready().returncode == 0 and service.shown("MainPID") not in (pid, "0"))
    before = time.monotonic()
    machine.enter("systemctl stop switchyard")
    took = time.monotonic() - before
    check("systemctl stop ends the server cleanly within 20 s", took < 20 and service.shown("Result") == "success"
          and service.shown("ExecMainStatus") == "0", f"{took:.1f} s, {service.shown('Result')}, {service.shown('ExecMainStatus')}")
    print(f"        stopped in {took:.1f} s")
    machine.enter("systemctl start switchyard")
    check("the restarted server recognises an earlier lead", service.ready().returncode == 0
          and post(machine, service, key, workspace, "Grace@Example.com").get("isDuplicate") is True)


def upgraded(machine, service, new, key, workspace):
    print("an upgrade")
    shutil.copy(new, machine.root / "new.deb")
    pid = service.shown("MainPID") if service.booted else None
    if not service.booted:
        service.stop()
    done = machine.enter("dpkg --force-confold -i /new.deb", check=False)
    check("the upgrade succeeds", done.returncode == 0, done.stdout[-1500:])
    check("the settings of the administrator stay", "\nDATABASE_URL=postgresql:///switchyard" in (machine.root / SETTINGS.lstrip("/")).read_text())
    check("the new settings file is stored beside it as .dpkg-dist", (machine.root / (SETTINGS.lstrip("/") + ".dpkg-dist")).exists())
    if service.booted:
        check("a new process has replaced the old one", service.ready().returncode == 0 and service.shown("MainPID") not in (pid, "0"))
    else:
        service.start()
        check("the new program runs", service.ready().returncode == 0)
    lead = post(machine, service, key, workspace, "ada@example.com")
    check("the new program routes a lead", lead.get("status") == "routed", str(lead))
    check("the new program recognises an earlier lead", post(machine, service, key, workspace, "grace@example.com").get("isDuplicate") is True)
    done = machine.enter("dpkg -i /new.deb", check=False)
    check("installing it again changes nothing", done.returncode == 0 and service.ready().returncode == 0, done.stdout[-800:])


def embedded(machine, service):
    """Without DATABASE_URL: an embedded PostgreSQL, within the same limits."""
    print("an embedded PostgreSQL")
    machine.enter(f"sed -i 's|^DATABASE_URL=|#DATABASE_URL=|' {SETTINGS}; systemctl restart switchyard")
    done = service.ready(120)
    check("the server starts an embedded PostgreSQL", done.returncode == 0, log(machine, service))
    done = machine.enter("switchyardctl doctor", check=False)
    check("switchyardctl reaches the embedded PostgreSQL", done.returncode == 0 and "switchyard, no superuser" in done.stdout, done.stdout[-1500:])
    before = time.monotonic()
    machine.enter("systemctl stop switchyard")
    left = running(machine)
    check("after a stop no process of the account is left", not left and service.shown("Result") == "success", left + log(machine, service))
    print(f"        stopped in {time.monotonic() - before:.1f} s")


def running(machine):
    """What runs as the account of the service."""
    return machine.enter("for p in /proc/[0-9]*; do if [ \"$(stat -c %U $p 2>/dev/null)\" = switchyard ]; then cat $p/comm; fi; done; true").stdout.strip()


def removed(machine, service):
    print("removal")
    if not service.booted:
        service.stop()
    done = machine.enter("apt-get -qq -y remove switchyard", check=False)
    check("the package is removed", done.returncode == 0 and not (machine.root / "usr/bin/switchyard").exists(), done.stdout[-800:])
    check("nothing runs any longer", not running(machine), running(machine))
    check("the settings stay", (machine.root / SETTINGS.lstrip("/")).exists())
    done = machine.enter("dpkg -i /new.deb && systemctl is-enabled switchyard" if service.booted else "dpkg -i /new.deb", check=False)
    check("the package can be installed again", done.returncode == 0, done.stdout[-800:])
    done = machine.enter("apt-get -qq -y purge switchyard", check=False)
    check("the package is purged", done.returncode == 0 and not (machine.root / "etc/switchyard").exists(), done.stdout[-800:])
    if service.booted:
        check("purge keeps the embedded database and says so", "is kept" in done.stdout and (machine.root / STATE.lstrip("/")).exists(), done.stdout)
        machine.enter(f"rm -r {STATE} && dpkg -i /new.deb && apt-get -qq -y purge switchyard", check=False)
    left = machine.enter("find / -xdev -iname '*switchyard*' -not -path '/proc/*' -not -path '/var/lib/apt/*' -not -path '/sys/*' "
                         "-not -path '/var/log/*' -not -path '/run/*' -not -path '/var/lib/systemd/*'; getent passwd switchyard", check=False).stdout.strip()
    check("purge leaves no file and no account", not left, left)
    check("the database on the server is untouched", machine.enter(
        "su postgres -c \"psql -Atd switchyard -c 'SELECT count(*) FROM leads'\"", check=False).stdout.strip() == "4")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", required=True)
    parser.add_argument("--cache", default=str(ROOT / ".build/package/debian-12.tar"))
    parser.add_argument("--keep", action="store_true", help="keep the system that it was installed in")
    options = parser.parse_args()
    if os.getuid() != 0:
        print("left out: the package is installed in a system of its own, which only root can make")
        return check.close()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-package-"))
    machine = Machine(folder, options.cache)
    try:
        the_file(options.package, folder)
        old = older(options.package, folder)
        began = time.monotonic()
        machine.make(NEEDED)
        print(f"        a clean Debian 12 in {time.monotonic() - began:.0f} s")
        first_installation(machine, old)
        booted = machine.boot()
        if not booted:
            print("left out: what needs systemd, which systemd-nspawn cannot boot here")
        service = Service(machine, booted)
        key, workspace = first_start(machine, service)
        if booted:
            hardened(machine, service, key, workspace)
        else:
            post(machine, service, key, workspace, "Grace@Example.com")
        upgraded(machine, service, options.package, key, workspace)
        if booted:
            embedded(machine, service)
        removed(machine, service)
    finally:
        if options.keep:
            machine.shut_down()
            print(f"        kept in {folder}")
        else:
            machine.remove()
            shutil.rmtree(folder, ignore_errors=True)
    return check.close()


if __name__ == "__main__":
    sys.exit(main())
