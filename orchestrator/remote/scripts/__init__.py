"""PowerShell that runs on other people's servers: constant text, read by `importlib.resources`."""
