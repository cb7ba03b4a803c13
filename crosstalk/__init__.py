"""The front door: the `crosstalk` command.  It may know every room and holds no logic."""
