"""Values in, tables and documents out. Prints nothing."""
