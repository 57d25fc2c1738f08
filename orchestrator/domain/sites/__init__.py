"""Sites as values: what is asked of one, what it says, and how both are named. Pure."""
