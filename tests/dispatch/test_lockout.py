"""Three sites with one account of a real domain that locks at five: its password changes in mid-scan."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.adlabs import Realm
from tests.dispatch.conftest import Hub, MakeSite
from tests.dispatch.test_over_broker import at, over_broker
from tests.eventually import eventually

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.adlab, pytest.mark.timeout(240)]
PYTHON = "/usr/bin/python3"  # the one that has Samba's modules
HOSTS = 60  # of each site
_CHANGE = """
import json, sys
want = json.load(sys.stdin)
from samba.param import LoadParm
from samba.auth import system_session
from samba.samdb import SamDB
lp = LoadParm(); lp.load(want["conf"])
db = SamDB(session_info=system_session(), lp=lp)
for password in want["passwords"]:
    db.setpassword("(sAMAccountName=lockme)", password)
"""


def change_password(realm: Realm, *passwords: str) -> None:
    """Give the account one password after the other: a domain counts none of its last two as wrong."""
    want = {"conf": f"{realm.folder}/samba/smb.conf", "passwords": passwords}
    environ = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run([PYTHON, "-c", _CHANGE], input=json.dumps(want), text=True, check=True, env=environ)


@pytest.fixture
def lockme(samba_realm: Realm) -> Iterator[tuple[str, str]]:
    """Yield principal and password of the account that can be locked; both are again what they were."""
    samba_realm.unlock("lockme")
    yield samba_realm.accounts["lockme"]
    change_password(samba_realm, samba_realm.accounts["lockme"][1])
    samba_realm.unlock("lockme")


@pytest.mark.parametrize("asked", [12, 40])
def test_a_password_changed_in_mid_scan_does_not_lock_the_account(
    hub: Hub, make_site: MakeSite, samba_realm: Realm, lockme: tuple[str, str], asked: int
) -> None:
    """Workers of three sites, each a process of its own: the domain controller counts fewer than five."""
    sites = [make_site(width=10, slots=4, slow=0.2) for _ in range(3)]
    for site in sites:
        site.more = {"kinit": lockme}
        site.environ = {**samba_realm.env, "KRB5_CONFIG": samba_realm.krb5_conf["tcp"]}
        site.start()

    def change() -> None:
        assert eventually(lambda: sum(len(site.asked) for site in sites) >= asked)
        change_password(samba_realm, "Other-1-pass", "Other-2-pass", "Other-3-pass")

    there = [one for number, site in enumerate(sites) for one in at(site, HOSTS, f"slow-{number}")]
    done = over_broker(hub, there, meanwhile=change, patience=60)
    state = samba_realm.state("lockme")
    assert (2 <= state["badPwdCount"] < 5, state["locked"]) == (True, False)
    (given_up,) = done.summary.given_up
    assert len(given_up.barred) + len(done.causes) == len(there)
    assert len(given_up.barred) > 0
