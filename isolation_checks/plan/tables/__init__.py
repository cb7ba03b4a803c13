"""The tables of a plan: one frozen struct each, with its defaults."""
