"""The rules of identity as values in and values out: users, sessions, tokens, signing keys, clients.

Nothing in here awaits, reads a clock, draws a random number or looks at the environment.
"""
