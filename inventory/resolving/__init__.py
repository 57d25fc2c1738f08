"""From what an inventory says to hosts: groups as a graph, layers merged, what cannot work refused."""
