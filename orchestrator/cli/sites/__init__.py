"""Commands about sites: the hub that hands hosts out, and the worker that asks them."""
