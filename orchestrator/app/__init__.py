"""What fleetcheck can do, as functions: values in, a report out, progress by events.

Nothing here prints or parses options.
"""
