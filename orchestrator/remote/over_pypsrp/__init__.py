"""The transport over pypsrp: threads, one connection each. No other room imports pypsrp."""
