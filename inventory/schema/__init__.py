"""What may stand in an inventory and in a profile: values, models, words for what does not fit."""
