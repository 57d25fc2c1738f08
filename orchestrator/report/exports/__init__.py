"""A scan for somebody else's program: CSV, JSON, JUnit, Prometheus, Nagios. Values in, text out."""
