"""The history of a run: its directory, its streams, and what is kept out of them."""
