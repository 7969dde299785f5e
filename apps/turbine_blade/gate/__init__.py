"""The gate: sets aside what is not the machine, with the reason."""

from .stretches import Gate, SetAside, Stretch, set_aside

__all__ = ["Gate", "SetAside", "Stretch", "set_aside"]
