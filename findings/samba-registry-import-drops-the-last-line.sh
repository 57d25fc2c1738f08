#!/usr/bin/env bash
# Samba 4.17.12 (Debian 12): `net registry import` does not take the last line of a .reg file, and exits 0.
#
# One would think: a file that ends as text files end, with one line feed, is read to its end, or the import fails.
# What is: a line counts only when another one follows, for it might go on there. So the last value of a file is dropped
# without a word, with a line feed behind it and without one. regedit's own files end in an empty line, which is why it
# shows only with files that a person or a template wrote.
#
# Output seen:
#   one line feed: exit 0, Host
#   none: exit 0, Host
#   an empty line: exit 0, Host Port
#   a comment: exit 0, Host Port
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v net > /dev/null || { apt-get update -qq; apt-get install -qq -y samba-common-bin > /dev/null; }
cat > "$work/smb.conf" <<CONF
[global]
    lock directory = $work
    state directory = $work
    private directory = $work
    cache directory = $work
    pid directory = $work
CONF
registry() { net -s "$work/smb.conf" registry "$@" 2> /dev/null; }
import() {
    registry deletekey_recursive 'HKLM\SOFTWARE\Agent' > "$work/out" || true
    printf 'Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Agent]\n%b' "$2" > "$work/agent.reg"
    registry import "$work/agent.reg" > "$work/out" && code=0 || code=$?
    echo "$1: exit $code, $(registry enumerate 'HKLM\SOFTWARE\Agent' | sed -n 's/^Valuename *= //p' | paste -sd ' ')"
}
{
    import 'one line feed' '"Host"="web1"\n"Port"=dword:000001bb\n'
    import none '"Host"="web1"\n"Port"=dword:000001bb'
    import 'an empty line' '"Host"="web1"\n"Port"=dword:000001bb\n\n'
    import 'a comment' '"Host"="web1"\n"Port"=dword:000001bb\n; end\n'
} | tee "$work/seen"
diff "$work/seen" - <<'OUT'
one line feed: exit 0, Host
none: exit 0, Host
an empty line: exit 0, Host Port
a comment: exit 0, Host Port
OUT
