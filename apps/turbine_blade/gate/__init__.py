"""The gate: sets aside what is not the machine, with the reason."""

from .stretches import FaultGate, Gate, SetAside, Stretch, add_set_aside, gate_for

__all__ = ["FaultGate", "Gate", "SetAside", "Stretch", "add_set_aside", "gate_for"]
