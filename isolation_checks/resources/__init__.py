"""Samples the platform's own resources while it is driven: processes, metrics, connections.

It runs in a process of its own; what it sees is for figures, and no verdict depends on it.
"""
