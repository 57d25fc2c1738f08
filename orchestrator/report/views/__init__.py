"""The fleet now, what changed, a host over time, firewall rows: screens, plain rows, documents."""
