"""The way to a host that does not lie open: by a SOCKS5 proxy, or by a channel of an SSH jump host."""
