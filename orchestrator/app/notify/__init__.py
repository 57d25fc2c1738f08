"""Notices: which targets are meant, and sending what waits for them."""
