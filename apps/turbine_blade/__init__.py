"""Hear damaged wind-turbine blades and sick machines."""
