"""Reading the platform's own rows: one way for every table, read-only, bounded."""
