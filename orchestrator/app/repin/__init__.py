"""A re-pin from the evidence to the proof.

Plan, apply, resume, undo, and the script for hosts out of reach.
"""
