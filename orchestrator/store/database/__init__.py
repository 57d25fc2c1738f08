"""The database itself: place, lock, connections, schema, migrations, errors. Knows no scan."""
