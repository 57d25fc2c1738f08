"""Who may start, and when: the run's queue, logons one at a time, sites, pace, width."""
