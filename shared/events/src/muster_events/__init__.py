"""Event models, schemas and registry: the contract between Muster's services."""
