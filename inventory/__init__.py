"""The fleet and the agent profiles as data. Knows nothing of the orchestrator."""
