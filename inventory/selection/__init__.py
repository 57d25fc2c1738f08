"""The parts of `inventory.selection.select`, the grammar of `--limit`: terms, subscripts, patterns,
files of hosts.
"""
