"""What facts mean: pure. No I/O, no clock, no logging, no import from the rooms above."""
