"""One connection to a host: resolve, connect, TLS and whom it trusts, HTTP answers within limits."""
