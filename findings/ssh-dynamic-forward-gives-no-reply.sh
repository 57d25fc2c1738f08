#!/usr/bin/env bash
# OpenSSH's client as a SOCKS5 proxy (`ssh -D`, 9.2p1), asyncssh 2.24.1 as its server, python-socks 3.2.1 as the client.
#
# One would think: where nothing listens at the port that is asked for, a SOCKS5 proxy answers with reply 5 (connection
# refused), or, as one may remember of `ssh -D`, with 0 before it has tried.
# What is: it gives no reply at all and ends the connection, also where the server forbids the way. A client that sorts
# by the reply's number has none, and python-socks raises a ProxyError whose `error_code` is None.
#
# Output seen: "refused: ProxyError, code None" and "forbidden: ProxyError, code None"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v ssh > /dev/null || { apt-get update -qq; apt-get install -qq -y openssh-client > /dev/null; }
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'asyncssh==2.24.1' 'python-socks[asyncio]==3.2.1'
export HOME="$folder"
cat > "$folder/run.py" <<'PY'
import asyncio
import socket
import sys

import asyncssh
from python_socks import ProxyError, ProxyType
from python_socks.async_.asyncio import Proxy


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return False

    def connection_requested(self, host, port, *_):
        return port != 1  # anything else is tried


def free():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


async def main(folder):
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(Server, "127.0.0.1", 0, server_host_keys=[key])
    with open(f"{folder}/known", "w") as known:
        known.write(f"[127.0.0.1]:{server.get_port()} {key.export_public_key().decode()}")
    dynamic, closed = free(), free()
    options = ["-F", "none", "-o", f"UserKnownHostsFile={folder}/known", "-o", "ExitOnForwardFailure=yes"]
    ssh = await asyncio.create_subprocess_exec(
        "ssh", *options, "-N", "-D", str(dynamic), "-p", str(server.get_port()), "me@127.0.0.1",
        stderr=asyncio.subprocess.DEVNULL,
    )
    while True:
        try:
            (await asyncio.open_connection("127.0.0.1", dynamic))[1].close()
            break
        except OSError:
            await asyncio.sleep(0.1)
    for what, port in (("refused", closed), ("forbidden", 1)):
        proxy = Proxy(ProxyType.SOCKS5, "127.0.0.1", dynamic, rdns=True)
        try:
            (await proxy.connect("127.0.0.1", port, timeout=20)).close()
            print(f"{what}: connected")
        except ProxyError as error:
            print(f"{what}: {type(error).__name__}, code {error.error_code}")
    ssh.terminate()
    await ssh.wait()
    server.close()


asyncio.run(main(sys.argv[1]))
PY
timeout 60 "$folder/venv/bin/python" "$folder/run.py" "$folder" | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
refused: ProxyError, code None
forbidden: ProxyError, code None
OUT
