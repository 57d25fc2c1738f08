#!/usr/bin/env bash
# Capistrano 3.17.2 (Debian 12): HOSTS= means every server, ROLES= means none, and a space behind the comma means none too.
#
# One would think: a list is parted at its commas, spaces or not, and an empty filter means the same for hosts as for roles,
# the safe thing at best: it is what an unset variable of a CI job leaves there.
# What is: `HOSTS=$only` with an empty $only runs on all; `ROLES=$only` runs on none, and so does HOSTS="web1, web2": what has
# another character than letters, digits, - and . is one regular expression, which no host fits; `HOSTS=web1,web_3` is one, too.
# None of it is told, and the exit code is 0.
#
# Output seen: as below; the servers that the task ran for (SSHKit's printer, nothing is contacted), and the exit code
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v cap > /dev/null || {
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends capistrano > /dev/null
}
cd "$work"
cat > Capfile <<'RUBY'
require "capistrano/setup"
require "capistrano/deploy"
RUBY
mkdir -p config/deploy
cat > config/deploy.rb <<'RUBY'
set :sshkit_backend, SSHKit::Backend::Printer
set :format, :simpletext
task :show do
  on roles(:app), in: :sequence do |host|
    puts "server #{host.hostname}"
  end
end
RUBY
echo 'role :app, %w{web1 web2 web_3}' > config/deploy/production.rb
show() {
    local code=0 out
    out=$(env "$@" cap production show 2> errors) || code=$?
    echo "$*: $(sed -n 's/^server //p' <<< "$out" | xargs) ($code)"
}
{
    cap --version | sed -E 's/^Capistrano Version: ([0-9.]+).*/\1/'
    show HOSTS=web1
    show HOSTS=web1,web2
    show 'HOSTS=web1, web2'
    show HOSTS=web1,web_3
    show HOSTS=web_3
    show HOSTS=
    show ROLES=
    show ROLES=app
} | tee seen
diff seen - <<'OUT'
3.17.2
HOSTS=web1: web1 (0)
HOSTS=web1,web2: web1 web2 (0)
HOSTS=web1, web2:  (0)
HOSTS=web1,web_3:  (0)
HOSTS=web_3: web_3 (0)
HOSTS=: web1 web2 web_3 (0)
ROLES=:  (0)
ROLES=app: web1 web2 web_3 (0)
OUT
