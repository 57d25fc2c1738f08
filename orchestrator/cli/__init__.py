"""The command line: options, wiring, printing, exit codes. No logic."""
