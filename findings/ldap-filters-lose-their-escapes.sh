#!/usr/bin/env bash
# ldapjs 3.0.7 (@ldapjs/filter 2.1.1), ldapts 9.2.0, impacket 0.13.1: an escape in a filter goes out as letters or two bytes.
#
# One would think: `(objectGUID=\c3\9f\ff)` asks for these three bytes, and `(cn=web\2a1)` for a star; so RFC 4515 has it, and
# so the escaped filters are written that every page about Active Directory shows.
# What is: ldapjs decodes no escape: the server is asked for a name of a backslash, 2 and a, and finds nothing. ldapts and
# impacket decode each to a character of its own and send that as UTF-8, so that each byte from 80 on becomes two: no
# object is found by its objectGUID or objectSid, and none by a name with an umlaut that was escaped byte by byte. None
# says so: an empty result is what they give. ldap3 2.9.1 sends the bytes.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q 'impacket==0.13.1' 'ldap3==2.9.1'
npm install --silent --no-audit --no-fund ldapjs@3.0.7 @ldapjs/filter@2.1.1 ldapts@9.2.0 > npm 2>&1
cat > ask.js <<'JS'
const net = require('net');
const { BerReader } = require('@ldapjs/asn1');
const ldapjs = require('ldapjs');
const ldapts = require('ldapts');

/** Read the value that a search request, as it came from the wire, compares with. */
function asked(bytes) {
  const message = new BerReader(bytes);
  message.readSequence();
  message.readInt();
  message.readSequence(0x63);
  message.readString();
  message.readEnumeration();
  message.readEnumeration();
  message.readInt();
  message.readInt();
  message.readBoolean();
  message.readSequence(0xa3);
  message.readString();
  return message.readString(0x04, true).toString('hex');
}

async function main() {
  let heard;
  const server = net.createServer((socket) => socket.once('data', (bytes) => { heard(asked(bytes)); socket.destroy(); }));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const url = `ldap://127.0.0.1:${server.address().port}`;
  const clients = {
    ldapjs: (filter) => {
      const client = ldapjs.createClient({ url });
      client.on('error', () => {});
      client.search('dc=x', { filter, scope: 'sub' }, () => client.destroy());
    },
    ldapts: (filter) => {
      new ldapts.Client({ url }).search('dc=x', { filter, scope: 'sub', paged: false }).catch(() => {});
    },
  };
  for (const [name, ask] of Object.entries(clients)) {
    for (const filter of ['(cn=web1)', '(cn=web\\2a1)', '(objectGUID=\\c3\\9f\\ff)', '(cn=b\\c3\\bc)', '(cn=bü)']) {
      const value = await new Promise((done) => { heard = done; ask(filter); });
      console.log(name, filter, value);
    }
  }
  server.close();
}

main().then(() => process.exit(0));
JS
cat > ask.py <<'PY'
from impacket.ldap.ldap import LDAPConnection
from ldap3.protocol.convert import prepare_filter_for_sending


class Parser(LDAPConnection):
    def __init__(self):
        """Parse alone, without a server."""


for text in (r"(cn=web\2a1)", r"(objectGUID=\c3\9f\ff)", "(cn=bü)"):
    sent = Parser()._parseFilter(text)["equalityMatch"]["assertionValue"]
    print("impacket", text, bytes(sent).hex())
    print("ldap3", text, prepare_filter_for_sending(text[1:-1].partition("=")[2]).hex())
PY
{
    node ask.js
    venv/bin/python ask.py
} | tee seen
diff seen - <<'OUT'
ldapjs (cn=web1) 77656231
ldapjs (cn=web\2a1) 7765625c326131
ldapjs (objectGUID=\c3\9f\ff) 5c63335c39665c6666
ldapjs (cn=b\c3\bc) 625c63335c6263
ldapjs (cn=bü) 62c3bc
ldapts (cn=web1) 77656231
ldapts (cn=web\2a1) 7765622a31
ldapts (objectGUID=\c3\9f\ff) c383c29fc3bf
ldapts (cn=b\c3\bc) 62c383c2bc
ldapts (cn=bü) 62c3bc
impacket (cn=web\2a1) 7765622a31
ldap3 (cn=web\2a1) 7765622a31
impacket (objectGUID=\c3\9f\ff) c383c29fc3bf
ldap3 (objectGUID=\c3\9f\ff) c39fff
impacket (cn=bü) 62c3bc
ldap3 (cn=bü) 62c3bc
OUT
