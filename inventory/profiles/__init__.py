"""The shipped profiles, one YAML file each."""
