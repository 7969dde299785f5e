"""Hears the first crack of coffee."""
