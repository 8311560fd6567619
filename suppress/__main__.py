"""`python -m suppress` is the command line."""

from suppress.cli import main

main()
