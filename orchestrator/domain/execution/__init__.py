"""What decides over a run: cost, retries, lock-out, who is chosen, what is counted. Pure."""
