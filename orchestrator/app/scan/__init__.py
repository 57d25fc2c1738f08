"""A scan from its request to its report, and what was stored of scans: shown, compared, exported."""
