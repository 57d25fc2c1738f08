"""A real PgBouncer in front of the test server, on loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_PATIENCE = 30.0  # seconds for it to listen on a busy machine


@contextlib.contextmanager
def pgbouncer(base: str, *, mode: str, schema: str = "public", size: int = 5) -> Iterator[str]:
    """Run one in a pool mode; yield the URL of a database that it serves,
    with `schema` as the only one searched.
    """
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed")
    with tempfile.TemporaryDirectory() as name, _running(base, Path(name), mode, schema, size) as url:
        yield url


@contextlib.contextmanager
def _running(base: str, folder: Path, mode: str, schema: str, size: int) -> Iterator[str]:
    import psycopg

    server = psycopg.conninfo.conninfo_to_dict(base)
    user, port = str(server.get("user", "postgres")), _free_port()
    (folder / "users.txt").write_text(f'"{user}" "{server.get("password", "")}"\n')
    (folder / "pgbouncer.ini").write_text(
        "[databases]\n"
        f"fleet = host={server.get('host', '127.0.0.1')} port={server.get('port', 5432)} "
        f"dbname={server['dbname']} connect_query='SET search_path TO {schema}'\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {folder / 'users.txt'}\npool_mode = {mode}\nserver_reset_query =\ndefault_pool_size "
        f"= {size}\n"
    )
    command = [str(PROGRAM), "--quiet", str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:  # it refuses to run as root, and the other user has to read this
        folder.chmod(0o755)
        command[1:1] = ["--user", "nobody"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            _wait(port)
            yield f"postgresql://{user}@127.0.0.1:{port}/fleet"
        finally:
            running.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail("pgbouncer does not listen")
