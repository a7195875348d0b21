"""Pretend providers: Steam, Apple, Google, Facebook, Epic, Discord, an OpenID issuer and a user pool, over real HTTP.

For tests, and for trying every door on a laptop: `python -m muster_identity.testing`, started by `make up` as well.
They check what the real ones check, and each can be told to be slow, down, or lying. Nothing in the service imports
this package.
"""
