"""``acoustic devices``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acoustic.application import Action, Output, Record, Table
from acoustic.errors import DeviceError

if TYPE_CHECKING:
    from acoustic.audio.devices import Device


@dataclass(frozen=True, kw_only=True)
class DevicesOptions:
    """None."""


def list_all(options: DevicesOptions) -> Iterator[Output]:
    """List microphones and loudspeakers.

    Raises
    ------
    DeviceError
        If there is no microphone.
    """
    from acoustic.audio.devices import NO_DEVICE, list_devices

    devices = list_devices()
    for device in devices:
        yield Record(asdict(device))
    if devices:
        yield Table(("index", "name", "host", "in", "out", "rate Hz", "default"), [_cells(one) for one in devices])
    if not any(device.can("input") for device in devices):
        raise DeviceError(NO_DEVICE["input"])


def _cells(device: Device) -> tuple[object, ...]:
    channels = (device.in_channels, device.out_channels)
    default = " ".join(["input"] * device.is_default_input + ["output"] * device.is_default_output)
    return device.index, device.name, device.host_api, *channels, device.default_rate_hz, default


DEVICES = Action(
    help="List microphones and loudspeakers.\n\nExample: acoustic devices", options=DevicesOptions, run=list_all
)
