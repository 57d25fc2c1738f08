"""The re-pin over a fleet: waves; per host read, rule, intend, write, read again; the journal."""
