"""`python -m services.cli`: how one command of ours starts another, wherever its script is."""

from services.cli.app import main

main()
