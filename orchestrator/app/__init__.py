"""The use cases, between a command's options and its words: values in, values out, nothing is printed."""
