"""Conclusions over many hosts or over time: the fleet now, what changed, a host's history. Pure."""
