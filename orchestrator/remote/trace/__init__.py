"""Transcripts of what is said with hosts, for `--trace`: what they show, and the folder they lie in."""
