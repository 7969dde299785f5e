"""Hears whistles: the smallest application that has everything."""
