import builtins
import sys
from typing import Any

import pytest

from acoustic.audio.devices import find_device, list_devices
from acoustic.errors import DeviceError


def test_list_says_what_portaudio_says(fake_sounddevice: Any) -> None:
    devices = list_devices()
    assert [device.name for device in devices] == ["Built-in Mic", "USB Mic", "Speakers", "USB Mic Array"]
    usb = devices[1]
    assert (usb.index, usb.host_api, usb.in_channels, usb.out_channels, usb.default_rate_hz) == (1, "ALSA", 2, 0, 48000)
    assert [device.index for device in devices if device.is_default_input] == [0]
    assert [device.index for device in devices if device.is_default_output] == [2]


@pytest.mark.parametrize(
    ("spec", "kind", "index"),
    [
        (None, "input", 0),
        (None, "output", 2),
        (1, "input", 1),
        ("1", "input", 1),
        ("built", "input", 0),
        ("usb mic", "input", 1),
        ("ARRAY", "input", 3),
    ],
)
def test_device_is_found(fake_sounddevice: Any, spec: str | int | None, kind: Any, index: int) -> None:
    assert find_device(spec, kind).index == index


@pytest.mark.parametrize(
    ("spec", "kind", "message"),
    [
        ("radio", "input", r"No microphone matches 'radio'. There are:\n  0  Built-in Mic \(ALSA\)  default\n  1  USB"),
        ("usb", "input", r"2 microphones match 'usb'. There are:\n  1  USB Mic \(ALSA\)\n  3  USB Mic Array"),
        ("speakers", "input", "No microphone matches"),
        (2, "input", "No microphone matches '2'"),
        (9, "output", "No loudspeaker matches '9'"),
    ],
)
def test_wrong_names_list_the_right_ones(fake_sounddevice: Any, spec: str | int, kind: Any, message: str) -> None:
    with pytest.raises(DeviceError, match=message):
        find_device(spec, kind)


def test_one_device_behind_two_host_apis_is_not_ambiguous(fake_sounddevice: Any) -> None:
    fake_sounddevice.devices.append(fake_sounddevice.devices[1] | {"index": 4, "hostapi": 1})
    assert find_device("USB Mic", "input").index == 1


def test_no_microphone(fake_sounddevice: Any) -> None:
    fake_sounddevice.devices[:] = [device for device in fake_sounddevice.devices if device["max_output_channels"]]
    with pytest.raises(DeviceError, match="No microphone found") as caught:
        find_device(None, "input")
    assert caught.value.exit_code == 4


def test_missing_portaudio_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def fail(name: str, *rest: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real_import(name, *rest)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(DeviceError, match="apt install libportaudio2"):
        list_devices()
