"""Brings Muster up: resources, supervisor, local edge, doctor."""
