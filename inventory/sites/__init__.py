"""The files of sites: the hub's own, and the one that each site's worker goes by."""
