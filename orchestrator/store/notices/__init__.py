"""What targets are told: rows that are committed with the end of a scan, sent, then marked."""
