"""What goes wrong with a host: the error that leaves, which code is which cause, what is said."""
