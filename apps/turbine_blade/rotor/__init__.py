"""The rotor channel: how fast a rotor turns, and how its blades differ from one another."""

from .reading import Order, Quantity, RotorReading, RotorStream

__all__ = ["Order", "Quantity", "RotorReading", "RotorStream"]
