"""Where rows live: one small interface, SQLite and PostgreSQL behind it, and who writes what."""
