"""Inventories that several tests read."""

from __future__ import annotations

HEAD = """\
credentials: {ops: {username: svc, password: {from: env, name: FC_PASSWORD}}}
defaults: {credential: ops}
"""

PIN = "sha256:" + "ab" * 32

SAMPLE = f"""\
# fleet.yaml
credentials:
  ops:
    username: CORP\\svc-fleetcheck
    password: {{from: env, name: FC_PASSWORD}}
defaults:
  transport: https
  port: 5986
  auth: negotiate
  credential: ops
  profile: livevault
  gateways: {{primary: 203.0.113.10, backup: 203.0.113.20}}
  pin: 2147
  timeout: 60
groups:
  paris:
    hosts: [web1, db7]
    site: paris
    pin: 443
    children:
      paris-dmz: {{hosts: [web2], ca: certs/dmz.pem}}
hosts:
  web1: {{address: web1.corp.example, tags: [web, prod]}}
  web2: {{address: 10.1.2.3, tls_pin: "{PIN}", repin: forbid}}
  db7:  {{}}
waivers:
  - {{hosts: db7, verdict: drifted, reason: "change 4711", until: 2027-01-31}}
"""

CHOICE = """\
groups:
  paris: {hosts: [web1, web2, db7], site: Paris Nord, children: {paris-dmz: {hosts: [web3]}}}
  lyon: {hosts: [db8], site: lyon}
hosts:
  web1: {tags: [web, prod]}
  web2: {tags: [web, test]}
  web3: {tags: [web]}
  db7: {tags: [db, prod]}
  db8: {tags: [db]}
  "2001:db8::5": {}
"""
