"""What `doctor` found, as a screen, plain rows and a document."""
