"""The user's files: opened only where they are regular, told by their kind, read within limits."""
