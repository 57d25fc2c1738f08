"""YAML as plain values that remember their lines, and back. Knows no inventory."""
