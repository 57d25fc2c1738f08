"""What the simulated fleets are like: hosts that are well, a recipe for each way to be unwell."""
