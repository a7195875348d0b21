"""Providers: who else knows the players. Each is one module; those that are configured are the doors there are.

To add one, write a class with `name` and `validate(credential)` as `watched.Check` has it, give it an `Outbound` of its
own, and name it in `assembly.py`: `docs/providers.md` walks through it.
"""

from muster_identity.gateway.providers.assembly import build, build_pool

__all__ = ["build", "build_pool"]
