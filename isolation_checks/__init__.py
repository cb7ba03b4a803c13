"""The room that records and judges: vocabulary, plan, dialects, history, checks.

It is pure, mostly: it imports neither Locust nor gevent, and it renders nothing.
"""
