"""Everything that is said of a run, as data: what is decided elsewhere, and what renderers read."""
