"""The one list of views, column by column: what each is made of, and what docs/views.md says of it.

Who changes it adds a step to `migrations/` (an empty one will do), or databases that are up to date keep the
old views. The SQL is the common one of SQLite and PostgreSQL; a `:` in it would be taken for a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST = "0009"
"""The first revision that has what they are made of: a change that uses a newer column raises it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `kind`: text, number, time or yes/no; `meaning` is for people; `sql` is its expression."""

    name: str
    kind: str
    meaning: str
    sql: str


@dataclass(frozen=True, slots=True)
class View:
    """One view: a row is what `about` says."""

    name: str
    about: str
    columns: tuple[Column, ...]
    source: str
    before: str = ""

    @property
    def statement(self) -> str:
        """The statement that makes it."""
        wanted = ",\n  ".join(f"{column.sql} AS {column.name}" for column in self.columns)
        return f"CREATE VIEW {self.name} AS\n{self.before}SELECT\n  {wanted}\n{self.source}"


# From host to host along the index on (host, started): as fast after 400 scans as after one.
_EVERY_HOST = """WITH RECURSIVE every(host) AS (
  SELECT min(host) FROM host_result
  UNION ALL
  SELECT (SELECT min(later.host) FROM host_result AS later WHERE later.host > every.host)
  FROM every WHERE every.host IS NOT NULL
)
"""
_NEWEST = """(
  SELECT each.id FROM host_result AS each WHERE each.host = every.host{more}
  AND each.scan_id NOT IN (SELECT asked.id FROM scan AS asked WHERE asked.mode = 'ports')
  ORDER BY each.started DESC, each.id DESC LIMIT 1
)"""
_WAIVED = "whether its verdict was waived then"
_SITE = "the inventory's `site:`"
_FLEET = "the inventory's `fleet:`"

HOST_NOW = View(
    "v_host_now",
    "A host, by its latest result, and by the last one in which it could be read.",
    (
        Column("host", "text", "its name in the inventory", "latest.host"),
        # Not by a join: who filters by it would have PostgreSQL look for every host once a scan.
        Column("fleet", "text", _FLEET, "(SELECT scan.fleet FROM scan WHERE scan.id = latest.scan_id)"),
        Column("site", "text", _SITE, "latest.site"),
        Column("address", "text", "where it is dialled, by the inventory", "latest.address"),
        Column("port", "number", "WinRM's port there", "latest.port"),
        Column("scan", "number", "the scan of its latest result", "latest.scan_id"),
        Column("started", "time", "when it was asked", "latest.started"),
        Column("ended", "time", "when that had ended", "latest.ended"),
        Column(
            "phase", "text", "where it failed (`connect`, `auth`, ...); NULL: it was read", "latest.phase"
        ),
        Column("cause", "text", "why it failed; the words of [concepts](concepts.md)", "latest.cause"),
        Column("verdict", "text", "the verdict then; `unknown` where it failed", "latest.verdict"),
        Column("role", "text", "the role that the verdict is about; NULL: both, or the host", "latest.role"),
        Column("waived", "yes/no", _WAIVED, "(latest.waived IS NOT NULL)"),
        Column("any_live", "yes/no", "whether a tunnel was up", "latest.any_live"),
        Column("pin_primary", "number", "the pin of the primary, where it is a port", "latest.pin_primary"),
        Column("pin_backup", "number", "the pin of the backup, where it is a port", "latest.pin_backup"),
        Column("known_scan", "number", "the scan that read it last; NULL: none did", "known.scan_id"),
        Column("known_ended", "time", "when it was read last", "known.ended"),
        Column("known_verdict", "text", "the verdict of that reading", "known.verdict"),
        Column("known_role", "text", "the role that this verdict is about", "known.role"),
    ),
    f"""FROM every
JOIN host_result AS latest ON latest.id = {_NEWEST.format(more="")}
LEFT JOIN host_result AS known ON known.id = {_NEWEST.format(more=" AND each.phase IS NULL")}""",
    before=_EVERY_HOST,
)

ATTEMPT = View(
    "v_attempt",
    "One TCP connect from a host to a gateway's port.",
    (
        Column("scan", "number", "its scan", "result.scan_id"),
        Column("scan_started", "time", "when that began: the time to group and to filter by", "scan.started"),
        Column("host", "text", "who connected", "result.host"),
        Column("fleet", "text", _FLEET, "scan.fleet"),
        Column("site", "text", _SITE, "result.site"),
        Column("started", "time", "when the host was asked", "result.started"),
        Column("role", "text", "`primary` or `backup`, or as the profile calls it", "attempt.role"),
        Column(
            "source", "text", "who named the gateway, `registry`, `inventory` or `guess`", "attempt.source"
        ),
        Column(
            "gateway",
            "text",
            "the gateway as the inventory names it; its address where the host named it",
            "CASE WHEN attempt.source = 'inventory' THEN attempt.target ELSE attempt.address END",
        ),
        Column("address", "text", "the IP address; NULL: its name was not resolved", "attempt.address"),
        Column("port", "number", "the port", "attempt.port"),
        Column("result", "text", "`connected`, `refused`, `timed_out`, `unreachable`, ...", "attempt.result"),
        Column("milliseconds", "number", "how long that took; NULL: it never began", "attempt.milliseconds"),
        Column("number", "number", "2: a second try of a port that timed out", "attempt.number"),
    ),
    """FROM attempt
JOIN host_result AS result ON result.id = attempt.result_id
JOIN scan ON scan.id = result.scan_id""",
)

RUN = View(
    "v_run",
    "A run of `repin apply`.",
    (
        Column("run", "number", "its id", "run.id"),
        Column("plan", "text", "its plan's id", "run.plan_id"),
        Column("started", "time", "when it began", "run.started"),
        Column("ended", "time", "when it ended, or was stopped; NULL: it runs, or was killed", "run.ended"),
        Column("state", "text", "`running`, `finished` or `stopped`", "run.state"),
        Column("hosts", "number", "how many hosts its plan has", "run.hosts"),
        Column("user_name", "text", "who began it", "run.user_name"),
        Column("version", "text", "the fleetcheck that began it", "run.version"),
        Column("plan_created", "time", "when its plan was made", "plan.created"),
        Column("plan_expires", "time", "until when its plan may be applied", "plan.expires"),
    ),
    "FROM run JOIN plan ON plan.id = run.plan_id",
)

OPERATION = View(
    "v_operation",
    "One row of the journal: where the write on one host stands.",
    (
        Column("operation", "number", "its id", "operation.id"),
        Column("run", "number", "its run; NULL: given away as a script", "operation.run_id"),
        Column("plan", "text", "its plan's id", "operation.plan_id"),
        Column("host", "text", "the host", "operation.host"),
        Column(
            "state",
            "text",
            "as in [the re-pin](repin.md#what-each-state-means-and-what-to-do)",
            "operation.state",
        ),
        Column("wave", "number", "its wave, from 1", "operation.wave"),
        Column("started", "time", "when the row was made", "operation.started"),
        Column("changed", "time", "when it came into its state", "operation.changed"),
        Column(
            "deadline", "time", "when the write may last happen, by the host's clock", "operation.deadline"
        ),
        Column("undoes", "number", "the operation that it takes back", "operation.undoes"),
    ),
    "FROM operation",
)

VIEWS = (HOST_NOW, ATTEMPT, RUN, OPERATION)
"""In the order in which they are made."""
