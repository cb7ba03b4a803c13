"""The room that drives: scenarios for Locust, and `driving`, what they share.

It records and may not judge: who reads the history is none of its business.
"""
