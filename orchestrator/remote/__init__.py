"""One host: the session with it, what goes wrong with it, the scripts that run on it,
and what they answer.
"""
