"""Turns FlexMatch notices into the ticket a client polls."""
