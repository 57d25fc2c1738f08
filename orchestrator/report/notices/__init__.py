"""Notices in words and as documents, and the targets that get them."""
