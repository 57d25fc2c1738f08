"""The parts of `inventory.select`, the grammar of `--limit`: terms, subscripts, patterns, files of hosts."""
