"""What becomes of hosts if a firewall changed: assumptions in, who loses the tunnel and what saves it out."""
