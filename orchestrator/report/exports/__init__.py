"""A scan for somebody else's program, in each of `formats`. Values in, text out."""
