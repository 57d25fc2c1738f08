"""Who has signed a plan."""
