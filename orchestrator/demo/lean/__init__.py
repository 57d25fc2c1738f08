"""A fleet that replays recorded answers: up to 10,000 healthy hosts for a fraction of the CPU that a client
needs.

It speaks what the simulated fleet speaks, and a test proves the two alike; what differs is that an answer is
worked out once for each host, that one request is answered at once and without a task, and that a host cannot
misbehave. `later`, `call`, `recorded`, `table`, `shells` (PSRP) and `winrs` (command shells) know no socket;
on the wire: `connection`, `host`, `fleet`; `hosts` makes hosts up.
"""
