"""Accounts, sessions and their history in DynamoDB, and events on their way out."""

from muster_identity.store.accounts import DynamoAccounts, Tables
from muster_identity.store.news import OutboxBell

__all__ = ["DynamoAccounts", "OutboxBell", "Tables"]
