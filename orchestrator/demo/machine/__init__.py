"""A simulated Windows host as state: what the scripts would find and do there. Pure, no wire."""
