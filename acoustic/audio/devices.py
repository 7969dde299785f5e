"""The audio devices of this computer, through PortAudio."""

import subprocess
import sys
import threading
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from acoustic.errors import DeviceError

Kind = Literal["input", "output"]

NO_PORTAUDIO = """No audio system: PortAudio is not installed.
Debian, Ubuntu, Raspberry Pi:  sudo apt install libportaudio2
Fedora:  sudo dnf install portaudio
Everything but live sound works without it."""

NO_DEVICE = {
    "input": """No microphone found.
Does the system see one?  arecord -l
In a container, pass the devices on:  docker run --device /dev/snd ...
Or read from a file or from standard input instead.""",
    "output": """No loudspeaker found.
Does the system see one?  aplay -l
In a container, pass the devices on:  docker run --device /dev/snd ...
Or write to a file instead.""",
}

WORDS = {"input": "microphone", "output": "loudspeaker"}

PORTAUDIO_FAILS = """The audio system cannot be started: PortAudio {how}.
Is the configuration of ALSA there?  echo "$ALSA_CONFIG_PATH"; ls /usr/share/alsa/alsa.conf
Everything but live sound works without it."""

#: PortAudio that has not started after so long will not (s).
PROBE_S = 30.0

# Streams are opened from several threads, and none may restart PortAudio while another opens one.
exclusive = threading.RLock()

# Restarting PortAudio closes every stream of the process, so it must know whether there are others.
_open_streams: set[Any] = set()


@dataclass(frozen=True)
class Device:
    """One audio device, as PortAudio lists it.

    Attributes
    ----------
    index : int
        Number in PortAudio's list; it may change when a device is plugged in.
    name, host_api : str
        Names of the device and of the system's interface to it (ALSA, Core Audio, WASAPI, ...).
    in_channels, out_channels : int
        Largest number of channels; 0 where it cannot record or play.
    default_rate_hz : int
        The rate the device prefers (Hz).
    is_default_input, is_default_output : bool
        Whether the system uses it when none is named.
    """

    index: int
    name: str
    host_api: str
    in_channels: int
    out_channels: int
    default_rate_hz: int
    is_default_input: bool
    is_default_output: bool

    def can(self, kind: Kind) -> bool:
        """Return whether the device records ("input") or plays ("output")."""
        return (self.in_channels if kind == "input" else self.out_channels) > 0

    def is_default(self, kind: Kind) -> bool:
        """Return whether the system uses it when none is named."""
        return self.is_default_input if kind == "input" else self.is_default_output


def load_sounddevice() -> ModuleType:
    """Import and return sounddevice.

    Raises
    ------
    DeviceError
        If PortAudio is not installed, or cannot start.
    """
    with exclusive:
        if "sounddevice" not in sys.modules:
            _probe()
    try:
        import sounddevice
    except OSError as error:
        raise DeviceError(NO_PORTAUDIO) from error
    module: ModuleType = sounddevice
    return module


def _probe() -> None:
    """Start PortAudio in another process: where it finds no configuration, it aborts the one that it is in.

    Raises
    ------
    DeviceError
        If it was aborted, or does not come to an end.
    """
    if not sys.executable:
        return
    try:
        tried = subprocess.run(
            [sys.executable, "-c", "import sounddevice"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=PROBE_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DeviceError(PORTAUDIO_FAILS.format(how=f"does not answer within {PROBE_S:g} s")) from None
    # Negative: a signal; Windows has large numbers for what ends a process. Others are errors that an import tells.
    if tried.returncode < 0 or tried.returncode >= 2**30:
        raise DeviceError(PORTAUDIO_FAILS.format(how=f"aborts (exit code {tried.returncode})"))


def open_stream(stream_type: str, **settings: Any) -> Any:
    """Open and start a stream of float32 samples; `close_stream` ends it.

    Parameters
    ----------
    stream_type : str
        "InputStream" or "OutputStream".
    **settings
        Arguments of sounddevice's class of that name.

    Raises
    ------
    DeviceError
        If the device refuses; the message is PortAudio's own.
    """
    sd = load_sounddevice()
    with exclusive:
        try:
            # No dither: it would add noise of its own to samples that fit as they are.
            stream = getattr(sd, stream_type)(dither_off=True, dtype="float32", **settings)
        except sd.PortAudioError as error:
            raise DeviceError(str(error.args[0])) from error
        try:
            stream.start()
        except sd.PortAudioError as error:
            stream.close(ignore_errors=True)
            raise DeviceError(str(error.args[0])) from error
        _open_streams.add(stream)
    return stream


def close_stream(stream: Any) -> None:
    """Stop a stream at once, also one whose device is gone; closing twice does nothing."""
    # PortAudio frees what it closes, so it must not see a stream twice.
    with exclusive:
        if stream in _open_streams:
            _open_streams.discard(stream)
            stream.close(ignore_errors=True)


def rescan() -> None:
    """Let PortAudio look for devices again, unless a stream of this process is still open.

    PortAudio lists the devices once, when it starts: one that was unplugged and plugged in again stays
    invisible until it restarts.

    Raises
    ------
    DeviceError
        If the audio system cannot be started.
    """
    sd = load_sounddevice()
    with exclusive:
        if _open_streams:
            return
        _probe()
        try:
            sd._terminate()
            sd._initialize()
        except sd.PortAudioError as error:
            raise DeviceError(str(error.args[0])) from error


def list_devices() -> list[Device]:
    """List the audio devices of this computer.

    Raises
    ------
    DeviceError
        If PortAudio is not installed or cannot list its devices.
    """
    sd = load_sounddevice()
    try:
        host_apis = [api["name"] for api in sd.query_hostapis()]
        entries = list(sd.query_devices())
        default_input, default_output = sd.default.device
    except sd.PortAudioError as error:
        raise DeviceError(f"The audio devices cannot be listed ({error.args[0]}).") from error
    return [
        Device(
            index=entry["index"],
            name=entry["name"],
            host_api=host_apis[entry["hostapi"]],
            in_channels=entry["max_input_channels"],
            out_channels=entry["max_output_channels"],
            default_rate_hz=round(entry["default_samplerate"]),
            is_default_input=entry["index"] == default_input,
            is_default_output=entry["index"] == default_output,
        )
        for entry in entries
    ]


def find_device(spec: str | int | None, kind: Kind) -> Device:
    """Find one device.

    Parameters
    ----------
    spec : str, int or None
        Number in the list, name or part of a name in any case; None for the system's default.
    kind : {"input", "output"}
        Microphone or loudspeaker.

    Raises
    ------
    DeviceError
        If there is none, or the name fits none or several; the message lists the ones there are.
    """
    devices = [device for device in list_devices() if device.can(kind)]
    if not devices:
        raise DeviceError(NO_DEVICE[kind])
    defaults = [device for device in devices if device.is_default(kind)]
    if spec is None:
        matches = defaults or devices[:1]
    elif isinstance(spec, int) or spec.isdecimal():
        matches = [device for device in devices if device.index == int(spec)]
    else:
        wanted = spec.casefold()
        exact = [device for device in devices if device.name.casefold() == wanted]
        matches = exact or [device for device in devices if wanted in device.name.casefold()]
    if len(matches) > 1 and defaults:
        # Windows lists each device once per host API; the default's API is the one to prefer.
        matches = [device for device in matches if device.host_api == defaults[0].host_api] or matches
    if len(matches) == 1:
        return matches[0]
    problem = f"{len(matches)} {WORDS[kind]}s match" if matches else f"No {WORDS[kind]} matches"
    raise DeviceError(f"{problem} {str(spec)!r}. There are:\n" + _listing(matches or devices, kind))


def _listing(devices: list[Device], kind: Kind) -> str:
    return "\n".join(
        f"{device.index:3d}  {device.name} ({device.host_api})" + ("  default" if device.is_default(kind) else "")
        for device in devices
    )
