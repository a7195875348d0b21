"""Certificates of `wss://`: checked against the system's authorities unless one of these is asked for."""

import ssl
from pathlib import Path


def trusting(certificate: Path | str) -> ssl.SSLContext:
    """Return a context that trusts one certificate and no other, such as that of a local GameLift.

    Args:
        certificate: a PEM file.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=certificate)
    return context


def unverified() -> ssl.SSLContext:
    """Return a context that trusts everybody. For a local GameLift only: whoever answers gets the token."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
