"""Plans, their runs, the journal of what was written where, and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_BIG = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
_OPEN = ("intent", "sent", "confirmed", "unknown", "handed-out", "reported")
_OF_PLACE = ("id", "run_id", "plan_id", "host", "started", "wave", "undoes")


def upgrade() -> None:
    """Make the tables, and the triggers that keep what must not change."""
    _plan_and_run()
    _operation()
    _audit()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _plan_and_run() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("expires", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plan"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("started", _TIME, nullable=False),
        sa.Column("ended", _TIME, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hosts", sa.Integer(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("controller", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_run_plan_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_plan_id", "run", ["plan_id"])


def _operation() -> None:
    op.create_table(
        "operation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started", _TIME, nullable=False),
        sa.Column("changed", _TIME, nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("deadline", _TIME, nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_operation"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_operation_run_id"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_operation_plan_id"),
        sa.ForeignKeyConstraint(["undoes"], ["operation.id"], name="fk_operation_undoes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_operation_run_id", "operation", ["run_id"])
    op.create_index("ix_operation_plan_id", "operation", ["plan_id"])
    op.create_index("ix_operation_host_state", "operation", ["host", "state"])
    op.create_index("ix_operation_undoes", "operation", ["undoes"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", _BIG, autoincrement=False, nullable=False),
        sa.Column("time", _TIME, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )


# What is refused, by table and act: a name, a condition over OLD (None: always), and what the database
# answers.
def _refusals() -> list[tuple[str, str, str | None, str]]:
    still_open = ", ".join(f"'{state}'" for state in _OPEN)
    return [
        ("audit", "UPDATE", None, "an entry of the audit never changes"),
        ("audit", "DELETE", None, "an entry of the audit is never deleted"),
        ("plan", "UPDATE", None, "a stored plan never changes"),
        ("plan", "DELETE", None, "a stored plan is never deleted"),
        ("run", "DELETE", None, "a run is never deleted"),
        (
            "operation",
            "UPDATE",
            f"OLD.state NOT IN ({still_open})",
            "an operation that has ended never changes",
        ),
        ("operation", "DELETE", None, "an operation is never deleted"),
    ]


def _moved(differs: str) -> str:
    return " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in _OF_PLACE)


def _sqlite_triggers() -> None:
    place = ("operation", "PLACE", _moved("IS NOT"), "an operation stays where it belongs")
    for table, act, condition, answer in [*_refusals(), place]:
        when = f" WHEN {condition}" if condition else ""
        on = "UPDATE" if act == "PLACE" else act
        op.execute(
            f'CREATE TRIGGER tr_{table}_{act.lower()} BEFORE {on} ON "{table}"{when}'
            f" BEGIN SELECT RAISE(ABORT, '{answer}'); END"
        )
    # INSERT OR REPLACE deletes without any trigger of DELETE.
    for table, key, fresh in (
        ("audit", "number", "NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit)"),
        ("plan", "id", "EXISTS (SELECT 1 FROM plan WHERE id = NEW.id)"),
        ("operation", "id", "EXISTS (SELECT 1 FROM operation WHERE id = NEW.id)"),
    ):
        op.execute(
            f'CREATE TRIGGER tr_{table}_insert BEFORE INSERT ON "{table}" WHEN {fresh}'
            f" BEGIN SELECT RAISE(ABORT, '{table}: its {key} is not the next one'); END"
        )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION fleetcheck_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    place = ("operation", "PLACE", _moved("IS DISTINCT FROM"), "an operation stays where it belongs")
    for table, act, condition, answer in [*_refusals(), place]:
        when = f" WHEN ({condition})" if condition else ""
        on = "UPDATE" if act == "PLACE" else act
        op.execute(
            f'CREATE TRIGGER tr_{table}_{act.lower()} BEFORE {on} ON "{table}" FOR EACH ROW{when}'
            f" EXECUTE FUNCTION fleetcheck_refuse('{answer}')"
        )
    for table in ("audit", "plan", "run", "operation"):
        op.execute(
            f'CREATE TRIGGER tr_{table}_truncate BEFORE TRUNCATE ON "{table}"'
            f" EXECUTE FUNCTION fleetcheck_refuse('{table} is never emptied')"
        )


def downgrade() -> None:
    """Take the tables away, with all they hold."""
    for table in ("audit", "operation", "run", "plan"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION fleetcheck_refuse()")
