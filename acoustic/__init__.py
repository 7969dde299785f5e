"""Teach small computers to listen: one front end, one int8 arithmetic, one chain from recording to firmware."""

__version__ = "0.1.0"
