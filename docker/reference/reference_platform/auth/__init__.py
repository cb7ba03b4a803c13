"""Accounts and tokens: who somebody is, and for how long that is believed."""
