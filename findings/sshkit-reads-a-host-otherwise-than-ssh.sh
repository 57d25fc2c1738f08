#!/usr/bin/env bash
# SSHKit 1.21.2 (Debian 12; what Capistrano reads hosts by): a name with a domain in it, or IPv6 with a user, is another host.
#
# One would think: `svc@corp.example@web1` is the account svc@corp.example on web1, as ssh reads it (the last @ divides), and
# brackets keep an IPv6 address together with a user before them as they do without one.
# What is: the account becomes svc, another one, without a word. With a port behind it the host becomes corp.example, at port
# 0; and of u@[fd00::1]:2222 the host is `[fd00`, at port 0. An address without brackets, fd00::1, is the host fd00 at port 1.
#
# Output seen: as below (user, host, port; - for none)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s ruby-sshkit > /dev/null 2>&1 || {
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends ruby-sshkit > /dev/null
}
read_it() {
    ruby -r sshkit -e '
        host = SSHKit::Host.new(ARGV[0])
        puts "#{ARGV[0]}: " + [host.user, host.hostname, host.port].map { |part| part.nil? ? "-" : part }.join(" ")
    ' "$1"
}
{
    dpkg-query -W -f '${Version}\n' ruby-sshkit | cut -d- -f1
    echo "ssh: $(ssh -G -F none svc@corp.example@web1 | sed -nE 's/^(user|hostname|port) //p' | xargs)"
    for host in svc@corp.example@web1 svc@corp.example@web1:22 '[fd00::1]:2222' 'u@[fd00::1]:2222' 'u@[fd00::1]' fd00::1; do
        read_it "$host"
    done
} | tee "$work/seen"
diff "$work/seen" - <<'OUT'
1.21.2
ssh: svc@corp.example web1 22
svc@corp.example@web1: svc web1 -
svc@corp.example@web1:22: svc corp.example 0
[fd00::1]:2222: - fd00::1 2222
u@[fd00::1]:2222: u [fd00 0
u@[fd00::1]: u [fd00 0
fd00::1: - fd00 1
OUT
