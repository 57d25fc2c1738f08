"""Use cases of sites: the hub that hands hosts out, and the worker that takes them."""
