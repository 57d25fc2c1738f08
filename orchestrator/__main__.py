"""`python -m orchestrator` is `fleetcheck`, for who has the package and no script on the PATH."""

from orchestrator.cli.main import main

if __name__ == "__main__":
    main()
