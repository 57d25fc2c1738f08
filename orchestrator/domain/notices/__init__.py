"""What somebody is told of a scan: what differs from what they were last told."""
