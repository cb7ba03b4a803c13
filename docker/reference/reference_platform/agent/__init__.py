"""The agent: a stand-in for a model with tools, memory and a cache, and what supervises it."""
