"""Lists of hosts that other programs keep or write as documents: XML and JSON.

`recognise` tells which one a file is, one module each reads it, and `found` makes hosts of what stands there,
the same as a table's. A program's passwords are never looked at.
"""
