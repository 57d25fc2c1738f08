"""Where an inventory comes from: one file or several, standard input, a program that prints hosts."""
