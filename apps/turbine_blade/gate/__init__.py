"""The gate: sets aside what is not the machine, with the reason."""

from apps.turbine_blade.gate.stretches import Gate, SetAside, Stretch, set_aside

__all__ = ["Gate", "SetAside", "Stretch", "set_aside"]
