"""What may be configured: the keys, which places may set each, and which of several settings holds. Pure."""
