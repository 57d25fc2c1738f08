"""The database: tables, the one writer, read-only queries, migrating."""
