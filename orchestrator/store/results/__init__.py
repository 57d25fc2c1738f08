"""Scans and results: taken apart into rows, put together again, summed up by queries."""
