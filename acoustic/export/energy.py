"""Cycles, load, energy and battery life: estimates, from counted instructions and published measurements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from acoustic.errors import ParameterError
from acoustic.records import About, check

JOULES_A_MWH = 3.6
SECONDS_A_DAY = 86_400.0
SLEEP_UW = 10.0
"""Of a microcontroller that keeps its memory and waits for a timer, and of its regulator: an assumption."""
MICROPHONE_UW = 1000.0
"""Of a digital microphone that is on: an assumption; those made for batteries take half of it."""

CYCLES_SOURCE = (
    "cycles: counted instructions times an assumed 1.0 to 1.5 cycles each (single-issue cores: loads, taken branches "
    "and divisions take more than one cycle), 0.7 to 1.2 on the dual-issue Cortex-M7, 1.0 to 1.5 on the Cortex-M55; "
    "waits for flash are not counted; loads use the larger figure"
)
ENERGY_SOURCE = (
    "energy: picojoules a cycle from energy, speed and clock that the results of MLPerf Tiny v0.5 to v1.3 state "
    "together for that board; sleep and microphone are the assumptions named"
)


@dataclass(frozen=True, kw_only=True)
class CyclesPerInstruction:
    """What an instruction is assumed to take."""

    low: float
    high: float


CYCLES = {
    "cortex-m3": CyclesPerInstruction(low=1.0, high=1.5),
    "cortex-m4": CyclesPerInstruction(low=1.0, high=1.5),
    "cortex-m7": CyclesPerInstruction(low=0.7, high=1.2),
    "cortex-m33": CyclesPerInstruction(low=1.0, high=1.5),
    "cortex-m55": CyclesPerInstruction(low=1.0, high=1.5),
    "rv32": CyclesPerInstruction(low=1.0, high=1.5),
}
"""By target."""


@dataclass(frozen=True, kw_only=True)
class Microcontroller:
    """A microcontroller whose energy was published."""

    name: str
    target: str
    """The emulated board with its processor."""
    clock_mhz: float
    """At which the energy was measured."""
    pj_per_cycle: float
    source: str


MICROCONTROLLERS = {
    mcu.name: mcu
    for mcu in (
        Microcontroller(
            name="STM32L4R5",
            target="cortex-m4",
            clock_mhz=120.0,
            pj_per_cycle=278.0,
            source="MLPerf Tiny v0.5 to v1.3, NUCLEO-L4R5ZI: 275 to 280 pJ",
        ),
        Microcontroller(
            name="STM32U575",
            target="cortex-m33",
            clock_mhz=160.0,
            pj_per_cycle=147.0,
            source="MLPerf Tiny v1.3, NUCLEO-U575ZI-Q: 143 to 150 pJ",
        ),
        Microcontroller(
            name="STM32U385",
            target="cortex-m33",
            clock_mhz=96.0,
            pj_per_cycle=57.0,
            source="MLPerf Tiny v1.3, NUCLEO-U385RG-Q: 53 to 61 pJ",
        ),
        Microcontroller(
            name="STM32H7A3",
            target="cortex-m7",
            clock_mhz=280.0,
            pj_per_cycle=460.0,
            source="MLPerf Tiny v1.2, NUCLEO-H7A3ZI-Q: 434 to 483 pJ",
        ),
    )
}
"""By name."""


def load(instructions: float, seconds: float, target: str, clock_mhz: float) -> float:
    """Share of the time that a processor computes, 1 for all of it, by the larger figure of cycles."""
    return instructions * CYCLES[target].high / (seconds * clock_mhz * 1e6)


def listening_uw(
    instructions_per_second: float,
    mcu: Microcontroller,
    *,
    microphone_uw: float = MICROPHONE_UW,
    sleep_uw: float = SLEEP_UW,
) -> float:
    """Power of a microcontroller that listens (uW): its processor while it computes, the microphone, and sleep."""
    processor_uw = instructions_per_second * CYCLES[mcu.target].high * mcu.pj_per_cycle * 1e-6
    return processor_uw + microphone_uw + sleep_uw


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Where the power comes from; losses of regulators and a battery's own discharge are not counted.

    Raises
    ------
    ParameterError
        If a figure is negative or not finite, or there is no source at all.
    """

    battery_mah: Annotated[float, About("Charge of the battery.", unit="mAh", low=0)] = 0.0
    volts: Annotated[float, About("Its voltage.", unit="V", low=0)] = 3.0
    days: Annotated[float, About("How long the battery must last.", low=1e-3)] = 365.0
    solar_mw: Annotated[float, About("Power of the cell in full sun, 1 kW per square metre.", unit="mW", low=0)] = 0.0
    sun_hours: Annotated[float, About("Full sun per day, in the mean.", unit="h", low=0, high=24)] = 2.5
    harvest_uw: Annotated[float, About("Power from elsewhere.", unit="uW", low=0)] = 0.0

    def __post_init__(self) -> None:
        """Refuse what no supply can be."""
        check(self, "power supply")
        if not self.mean_uw:
            raise ParameterError("Name a supply: --battery-mah, --solar-mw or --harvest-uw")

    @property
    def mean_uw(self) -> float:
        """Power that it gives in the mean over the days (uW)."""
        battery_uw = self.battery_mah * self.volts * JOULES_A_MWH * 1e6 / (self.days * SECONDS_A_DAY)
        return battery_uw + self.solar_mw * 1000.0 * self.sun_hours / 24.0 + self.harvest_uw


def sustainable_duty(supply_uw: float, listening: float, sleep_uw: float) -> float:
    """Share of the time that a microcontroller can listen, 0 to 1, when it sleeps for the rest.

    Parameters
    ----------
    supply_uw, listening, sleep_uw : float
        Power in the mean, power while it listens, and while it sleeps (uW).
    """
    if supply_uw >= listening:
        return 1.0
    return max(0.0, (supply_uw - sleep_uw) / (listening - sleep_uw))


def battery_days(battery_mah: float, volts: float, listening: float, sleep_uw: float, duty: float) -> float:
    """Days that a battery lasts when a share ``duty`` of the time is spent listening."""
    mean_uw = duty * listening + (1.0 - duty) * sleep_uw
    return battery_mah * volts * JOULES_A_MWH * 1e6 / (mean_uw * SECONDS_A_DAY)
