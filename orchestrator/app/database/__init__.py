"""Use cases about a database itself: pruned, verified, copied."""
