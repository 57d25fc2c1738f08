"""A whole database moved to another place: every row, its counters, and the proof that both hold the same."""
