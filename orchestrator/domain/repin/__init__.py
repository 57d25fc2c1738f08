"""The re-pin's judgement: who is planned, who is written, legal moves, what a reading proves."""
