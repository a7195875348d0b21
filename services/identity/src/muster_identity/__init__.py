"""Accounts, guest sign-in, tokens and signing keys."""
