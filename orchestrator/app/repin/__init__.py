"""A re-pin from the evidence to the proof: plan, apply, resume, undo, and the script for hosts out of reach."""
