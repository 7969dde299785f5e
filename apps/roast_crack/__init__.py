"""Hear the first crack of coffee."""
