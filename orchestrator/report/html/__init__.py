"""Pages for a browser: one file each that loads nothing; all in it is cleaned, then escaped."""
