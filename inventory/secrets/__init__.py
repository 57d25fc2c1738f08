"""Where secrets come from: one module for each source, and the registry that lists them."""
