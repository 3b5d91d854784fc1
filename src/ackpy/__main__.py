"""`python -m ackpy` is the `ackpy` command."""

from ackpy.cli.main import main

main()
