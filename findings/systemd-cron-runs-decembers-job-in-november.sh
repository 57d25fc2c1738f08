#!/usr/bin/env bash
# systemd-cron 1.15.19 (Debian 12): of a crontab's fields it makes timers for other days than cron does.
#
# One would think: it takes a crontab as cron does; its own crontab(5) has names of months, 0 and 7 for Sunday, and "either
# field" where both day fields are restricted.
# What is: its table of months has no October, so `dec` is November, `nov` is October, and a job in `oct` gets no timer. A range
# that ends with Sunday as 7 (`5-7`, `fri-sun`) becomes every day of the week. A day of the month and one of the week
# have to be true both. The generator's exit code is 0; of October and of the ranges there is a line in the kernel's log.
#
# Output seen: as below
#
# Needs Debian 12 and root: /etc/cron.d is covered in a mount namespace of its own, and no package is installed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
apt-get download -qq systemd-cron=1.15.19-5 2> /dev/null || { apt-get update -qq; apt-get download -qq systemd-cron=1.15.19-5; }
dpkg -x systemd-cron_*.deb there
mkdir cron.d out
cat > cron.d/nights <<'CRON'
0 1 1 nov * root yearly
0 2 1 dec * root yearly
0 3 1 12 * root yearly
0 4 1 oct * root yearly
0 5 * * 5-7 root weekends
0 6 * * fri-sun root weekends
0 7 * * 0,5,6 root weekends
0 8 1 * 1 root both
CRON
generator=$work/there/lib/systemd/system-generators/systemd-crontab-generator
unshare --mount sh -c 'mount --bind cron.d /etc/cron.d && exec "$0" out' "$generator" 2> said
{
    for timer in out/cron-nights-*.timer; do
        sed -nE 's/^Description=\[Timer\] "(.*) root .*/\1 is/p; s/^OnCalendar= ?//p' "$timer" | paste -sd' '
    done | sort -k2
    sed -E 's/.*\[(.*)\]: (.*)/said of \2: &/; s/: .*(garbled time).*/: \1/' said
} > seen
cat seen
diff seen - <<'OUT'
0 1 1 nov * is *-10-1 1:0:00
0 2 1 dec * is *-11-1 2:0:00
0 3 1 12 * is *-12-1 3:0:00
0 5 * * 5-7 is *-*-* 5:0:00
0 6 * * fri-sun is *-*-* 6:0:00
0 7 * * 0,5,6 is Sun,Fri,Sat *-*-* 7:0:00
0 8 1 * 1 is Mon *-*-1 8:0:00
said of oct: garbled time
said of 5-7: garbled time
said of fri-sun: garbled time
OUT
