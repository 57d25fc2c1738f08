"""How work is handed out: the port, this process as one who takes it, and the hub that gives it to sites."""
