"""The control interface for tests and demos, under `/_control`: time, faults, notices, built-in server processes.

Off unless switched on; then no route, no record and no other trace of it exists.
"""
