"""``acoustic devices``."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from acoustic.application import Action, Output, Record, Table
from acoustic.errors import DeviceError


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
        yield Table(
            ("index", "name", "host", "in", "out", "rate Hz", "default"),
            [
                (
                    device.index,
                    device.name,
                    device.host_api,
                    device.in_channels,
                    device.out_channels,
                    device.default_rate_hz,
                    " ".join(["input"] * device.is_default_input + ["output"] * device.is_default_output),
                )
                for device in devices
            ],
        )
    if not any(device.can("input") for device in devices):
        raise DeviceError(NO_DEVICE["input"])


DEVICES = Action(
    help="List microphones and loudspeakers.\n\nExample: acoustic devices", options=DevicesOptions, run=list_all
)
