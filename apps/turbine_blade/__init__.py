"""Hears a damaged blade of a wind turbine."""
