"""Many hosts: deadlines, width, breakers, signals, and the workflows over them."""
