"""Hears whistles."""
