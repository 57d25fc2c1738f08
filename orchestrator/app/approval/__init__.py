"""Who has to sign a plan, and who has: the machine's rules, the files beside a plan, and ssh-keygen."""
