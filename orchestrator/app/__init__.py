"""The use cases: what a command does between its options and its words. Values in, values out; nothing is printed."""
