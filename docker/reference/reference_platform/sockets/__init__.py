"""WebSockets: what is said on them, who holds them, and how an answer finds its way."""
