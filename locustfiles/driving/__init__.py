"""What scenarios share: sessions, principals, the recorder, provocations, a run's life.

Importing it has no side effects: Locust loads every file of a folder given with -f.
"""
