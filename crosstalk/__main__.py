"""`python -m crosstalk` is the `crosstalk` command."""

from crosstalk.main import main

main()
