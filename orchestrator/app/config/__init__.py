"""The configuration as it is on this machine: files and variables read, mistakes told with their lines."""
