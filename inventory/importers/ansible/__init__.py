"""Read what Ansible reads, by Ansible's own rules, and make an inventory of it; see `draft`."""
