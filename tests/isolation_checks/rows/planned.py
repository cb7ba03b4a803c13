"""What every plan holds in tests of its rows, before them."""

HEAD = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1/"
[auth]
source = "mint"
secret = "env:ANY"
carry = {{ headers = {{ Authorization = "Bearer {{token}}" }} }}
"""
"""In a template: braces stand twice."""
