"""What goes to the scripts and what they answer: schema, checks, values. Talks to no host."""
