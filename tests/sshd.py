"""A real OpenSSH server on loopback, for tests: its own keys, its own folder, nothing shared with the machine's."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin") or ""
WAIT = 10.0


def missing() -> str:
    """Why there can be no sshd here; empty if there can."""
    if not SSHD:
        return "OpenSSH's sshd is not installed"
    if not shutil.which("ssh-keygen"):
        return "ssh-keygen is not installed"
    return ""


@dataclass
class Sshd:
    """A running server. `root` is the folder where a sign-in lands; `host_key_fingerprint` as `SHA256:...`."""

    port: int
    host_key_fingerprint: str
    host_key_line: str
    user: str
    client_key_file: Path
    root: Path
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def sessions(self) -> list[int]:
        """The processes that serve connections now."""
        found: list[int] = []
        waiting = [self.process.pid]
        while waiting:
            pid = waiting.pop()
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
                children = [int(word) for word in text.split()]
                found += children
                waiting += children
        return found

    def signal_sessions(self, number: signal.Signals) -> int:
        """Send a signal to every connection's processes; returns how many there were."""
        pids = self.sessions()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return len(pids)

    def kill_sessions(self) -> int:
        """Cut every connection, as a crash of the server would; the server itself stays."""
        return self.signal_sessions(signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server and what it still serves."""
        self.signal_sessions(signal.SIGCONT)
        self.kill_sessions()
        self.process.terminate()
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(WAIT)

    def __enter__(self) -> Sshd:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> tuple[str, str]:
    """A new key pair at `path` and `path`.pub; returns its fingerprint and its public line."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)], check=True, timeout=WAIT
    )
    shown = subprocess.run(
        ["ssh-keygen", "-lf", f"{path}.pub"], check=True, timeout=WAIT, capture_output=True, text=True
    ).stdout
    return shown.split()[1], Path(f"{path}.pub").read_text().strip()


def start_sshd(
    tmp_path: Path,
    *,
    read_only: bool = False,
    forbid: Sequence[str] = (),
    user: str = "",
    password: bool = False,
    host_key: Path | None = None,
    extra_host_keys: Sequence[Path] = (),
) -> Sshd:
    """Start sshd below `tmp_path`, with the folders inbound, outbound and archive in its root.

    Args:
        tmp_path: a folder of the test's own; several servers may share it.
        read_only: nothing may be changed (`internal-sftp -R`).
        forbid: SFTP requests that are denied, by the names of `internal-sftp -Q requests`.
        user: who may sign in; the user who runs the tests by default.
        password: take passwords too (checked against the machine's accounts, so only as root).
        host_key: an existing private key to use as the first host key; made new by default.
        extra_host_keys: more of them, of other kinds.
    """
    home = tmp_path / f"sshd-{time.monotonic_ns()}"
    root = home / "files"
    for name in ("inbound", "outbound", "archive"):
        (root / name).mkdir(parents=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    user = user or pwd.getpwuid(os.geteuid()).pw_name
    key = host_key or home / "host_key"
    if host_key is None:
        make_key(key)
    line = Path(f"{key}.pub").read_text().strip()
    shown = subprocess.run(["ssh-keygen", "-lf", f"{key}.pub"], check=True, capture_output=True, text=True).stdout
    client = home / "client_key"
    _, public = make_key(client)
    (home / "authorized_keys").write_text(public + "\n")
    command = f"internal-sftp -d {root} -l ERROR" + (" -R" if read_only else "")
    if forbid:
        command += f" -P {','.join(forbid)}"
    for _ in range(5):
        port = _free_port()
        config = home / "sshd_config"
        config.write_text(
            f"""Port {port}
ListenAddress 127.0.0.1
{"".join(f"HostKey {path}" + chr(10) for path in (key, *extra_host_keys))}PidFile none
AuthorizedKeysFile {home}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication {"yes" if password else "no"}
KbdInteractiveAuthentication no
PubkeyAuthentication yes
PermitRootLogin yes
AllowUsers {user}
UseDNS no
PrintMotd no
LoginGraceTime 20
MaxStartups 100
Subsystem sftp internal-sftp
ForceCommand {command}
"""
        )
        log = home / "log"
        process = subprocess.Popen([SSHD, "-D", "-f", str(config), "-E", str(log)], stdin=subprocess.DEVNULL)
        server = Sshd(port, shown.split()[1], line, user, client, root, log, process)
        if _listening(server):
            return server
        server.stop()
    raise RuntimeError(f"sshd does not start: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listening(server: Sshd) -> bool:
    until = time.monotonic() + WAIT
    while time.monotonic() < until and server.process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=1) as probe:
                probe.recv(64)
            return True
        except OSError:
            time.sleep(0.02)
    return False
