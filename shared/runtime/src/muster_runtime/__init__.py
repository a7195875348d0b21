"""The chassis every Muster service runs on."""
