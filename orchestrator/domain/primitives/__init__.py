"""Small values that know no agent: addresses, spans, digests, safe text, exit codes. Pure."""
