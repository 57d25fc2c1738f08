"""Plans and runs of the re-pin as screens and documents."""
