"""The re-pin's journal and audit: rows move by the table alone, on the disk before a byte leaves."""
