"""Adapters to what is outside, the tables excepted: Secrets Manager, the issuer bucket, RSA."""
