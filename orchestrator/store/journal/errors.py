"""What can go wrong with plans, runs and their operations, in words for the user. Costs nothing to import.

StoreError
  UnknownRunError     no run of a re-pin has this id
  UnknownPlanError    no plan with this id was ever applied or handed out
  OtherPlanError      a plan with this id, and other content, is stored already
  PlanUsedError       this plan was applied or handed out before
  InFlightError       an earlier write to the same host is not resolved
  RunTakenError       another process goes on with this run
"""

from __future__ import annotations

from inventory.errors import EXIT_GATE, EXIT_USAGE
from orchestrator.store.errors import StoreError


class UnknownRunError(StoreError):
    """No run has the id `run_id`; `latest` is the newest id, None where nothing was ever applied."""

    exit_code = EXIT_USAGE

    def __init__(self, place: str, run_id: int, latest: int | None) -> None:
        """Build the sentence from its parts."""
        known = f"the latest is {latest}" if latest is not None else "there is none yet"
        super().__init__(
            f"no run {run_id} in database {place}: {known}. `fleetcheck repin status` lists them."
        )
        self.place, self.run_id, self.latest = place, run_id, latest


class UnknownPlanError(StoreError):
    """No plan with the id `plan_id` is stored."""

    exit_code = EXIT_USAGE

    def __init__(self, place: str, plan_id: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"no plan {plan_id} in database {place}: it was neither applied nor exported with this database."
        )
        self.place, self.plan_id = place, plan_id


class OtherPlanError(StoreError):
    """Another content is stored under the id `plan_id`:
    one of the two plans is not what the planner wrote.
    """

    def __init__(self, place: str, plan_id: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: another plan with the id {plan_id} is stored there already. "
            "Make a new one: fleetcheck repin plan"
        )
        self.place, self.plan_id = place, plan_id


class PlanUsedError(StoreError):
    """The plan `plan_id` was used before: by the run `run_id`,
    or as a stand-alone script where that is None.
    """

    exit_code = EXIT_GATE

    def __init__(self, plan_id: str, run_id: int | None) -> None:
        """Build the sentence from its parts."""
        how = "given away as a stand-alone script" if run_id is None else f"applied by run {run_id}"
        next_ = "" if run_id is None else f" `fleetcheck repin status {run_id}` shows how that stands."
        super().__init__(f"plan {plan_id} was {how} before, and a plan is used once.{next_}")
        self.plan_id, self.run_id = plan_id, run_id


class InFlightError(StoreError):
    """Nothing may be written to `host` yet: its operation `operation_id` of `run_id` is still in `state`."""

    def __init__(self, host: str, operation_id: int, run_id: int | None, state: str) -> None:
        """Build the sentence from its parts."""
        of_run = "" if run_id is None else f" of run {run_id}"
        advice = f"`fleetcheck repin resume {run_id}` reads it." if run_id is not None else "Read it first."
        super().__init__(f"{host}: an earlier write{of_run} is not resolved ({state}). {advice}")
        self.host, self.operation_id, self.run_id, self.state = host, operation_id, run_id, state


class RunTakenError(StoreError):
    """Another process has gone on with the run `run_id` since: this one may not write for it any more."""

    def __init__(self, run_id: int) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"run {run_id} has been taken over by another `fleetcheck repin resume`: this one stops here. "
            f"`fleetcheck repin status {run_id}` shows how it stands."
        )
        self.run_id = run_id
