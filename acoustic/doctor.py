"""Is this computer fit for listening? One finding per thing checked, each with what to do about it."""

import math
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from acoustic.errors import AcousticError, DeviceError
from acoustic.model.bundle import shipped_bundles
from acoustic.native import core, homes, status

if TYPE_CHECKING:
    from acoustic.audio import LevelMeter, SourceHealth

Status = Literal["ok", "warn", "fail"]

# Beyond these a microphone is called quiet, off-centre, clipped or muffled: one whose sound ends below 8 kHz is, where
# one band of the measurement is left as margin.
QUIET_DBFS = -75.0
MAX_DC = 0.02
MAX_CLIPPED = 1e-4
NARROW_HZ = 7500.0

_COMPILE = "With a C compiler it becomes several times as fast: install the package again."

BANDWIDTH_FRAME = 1024
BANDWIDTH_STEP_HZ = 500.0


@dataclass(frozen=True)
class Finding:
    """What one check found; ``remedy`` is empty when there is nothing to do."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


def examine(device: str | None = None, seconds: float = 3.0) -> Iterator[Finding]:
    """Check installation, bundles and microphone; nothing is changed.

    Parameters
    ----------
    device
        Microphone to listen to, by name, part of the name, or index; None for the default.
    seconds
        How long to listen (s); 0 leaves the microphone closed.

    Yields
    ------
    Finding
        In a fixed order, each as soon as it is known.
    """
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    yield from _packages()
    yield _front_end()
    yield from _applications()
    yield from _bundles()
    yield from _microphone(device, seconds)


def effective_bandwidth(pcm: npt.NDArray[np.int16], rate_hz: int) -> float:
    """Measure up to which frequency a recording holds more than the noise of its own quantisation.

    A microphone behind a Bluetooth headset profile or a resampler delivers 48 kHz with nothing above
    4 or 8 kHz: there the power spectrum lies at the floor of an ideal 16-bit converter, whose error has
    the variance 1/12 LSB² and a white spectrum (Bennett, "Spectra of quantized signals", BSTJ 1948).

    Parameters
    ----------
    pcm
        int16 samples, shape ``(n,)``.
    rate_hz
        Sampling rate (Hz).

    Returns
    -------
    float
        Upper edge (Hz) of the highest 500 Hz band whose median power is 6 dB or more above that floor;
        0 when there is none, or less than one frame of 1024 samples.
    """
    n_frames = len(pcm) // BANDWIDTH_FRAME
    if n_frames == 0:
        return 0.0
    window = np.hanning(BANDWIDTH_FRAME)
    frames = pcm[: n_frames * BANDWIDTH_FRAME].reshape(n_frames, BANDWIDTH_FRAME).astype(np.float64)
    power = np.mean(np.abs(np.fft.rfft((frames - frames.mean()) * window)) ** 2, axis=0)
    floor = np.sum(window**2) / 12
    frequency_hz = np.fft.rfftfreq(BANDWIDTH_FRAME, 1 / rate_hz)
    for low_hz in np.arange(0.0, rate_hz / 2, BANDWIDTH_STEP_HZ)[::-1]:
        high_hz = min(low_hz + BANDWIDTH_STEP_HZ, rate_hz / 2)
        if np.median(power[(frequency_hz >= low_hz) & (frequency_hz < high_hz)]) >= 4 * floor:
            return float(high_hz)
    return 0.0


def judge(pcm: npt.NDArray[np.int16], rate_hz: int, meter: "LevelMeter", health: "SourceHealth") -> Iterator[Finding]:
    """Turn what a microphone delivered into findings.

    Parameters
    ----------
    pcm
        Everything heard, int16, shape ``(n,)``.
    rate_hz
        Sampling rate (Hz).
    meter
        The level meter that the same samples went through.
    health
        The health record of the source.

    Yields
    ------
    Finding
        Level, clipping, offset, bandwidth and losses; only the level when the microphone is dead.
    """
    if len(pcm) == 0 or int(pcm.min()) == int(pcm.max()):
        yield Finding(
            "level", "fail", "the microphone delivers nothing but a constant", "Is it muted, or the wrong input chosen?"
        )
        return
    quiet = meter.rms_dbfs < QUIET_DBFS
    yield Finding(
        "level",
        "warn" if quiet else "ok",
        f"{meter.rms_dbfs:.1f} dBFS, peak {meter.peak_dbfs:.1f} dBFS",
        "Very quiet: raise the input gain (alsamixer, F4)." if quiet else "",
    )
    clipped = meter.clipped > MAX_CLIPPED
    yield Finding(
        "clipping",
        "warn" if clipped else "ok",
        f"{meter.clipped:.4%} of the samples at full scale",
        "Lower the input gain or move the microphone away." if clipped else "",
    )
    offset = abs(meter.dc) > MAX_DC
    yield Finding(
        "offset",
        "warn" if offset else "ok",
        f"{meter.dc:+.4f} of full scale",
        "A constant offset wastes range: often a broken sound card input." if offset else "",
    )
    bandwidth_hz = effective_bandwidth(pcm, rate_hz)
    narrow = bandwidth_hz < NARROW_HZ
    yield Finding(
        "bandwidth",
        "warn" if narrow else "ok",
        f"hears up to {bandwidth_hz / 1000:.1f} kHz of {rate_hz / 2000:.1f} kHz",
        "What is to be heard often lies above 4 kHz: avoid Bluetooth headset profiles and noise suppression."
        if narrow
        else "",
    )
    lossy = bool(health.dropped_blocks or health.overflows)
    yield Finding(
        "losses",
        "warn" if lossy else "ok",
        f"{health.dropped_blocks} blocks dropped, {health.overflows} overflows",
        "The computer is too busy for gapless listening: close other programs." if lossy else "",
    )


def _front_end() -> Finding:
    """Say who computes the front end; the bytes are the same, only the speed differs."""
    return Finding("front end", "ok", f"{status()} (NumPy {np.__version__})", "" if core() else _COMPILE)


def _applications() -> Iterator[Finding]:
    """Say the same of the applications that have C for Python."""
    for home in homes()[1:]:
        yield Finding(home.parent.name, "ok", status(home), "" if core(home) else _COMPILE)


def _packages() -> Iterator[Finding]:
    """Report the installed versions of what `acoustic` requires, by extra."""
    for extra, names in _requirements().items():
        versions = {name: _version(name) for name in names}
        missing = " ".join(name for name, installed in versions.items() if installed is None)
        detail = ", ".join(f"{name} {installed or 'missing'}" for name, installed in versions.items())
        if extra and missing:
            yield Finding(f"extra {extra}", "ok", f"not installed: {missing}", _install(missing))
        elif extra:
            yield Finding(f"extra {extra}", "ok", detail)
        else:
            yield Finding("packages", "fail" if missing else "ok", detail, _install(missing) if missing else "")


def _requirements() -> dict[str, list[str]]:
    """Return the names of the required packages by extra; the base is under the empty name."""
    found: dict[str, list[str]] = {}
    for line in requires("acoustic") or []:
        requirement, _, marker = line.partition(";")
        extra = marker.partition("extra ==")[2].strip(" '\"")
        name = requirement.split(">")[0].split("=")[0].strip()
        if extra != "dev":
            found.setdefault(extra, []).append(name)
    return found


def _install(packages: str) -> str:
    return f"{sys.executable} -m pip install {packages}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _bundles() -> Iterator[Finding]:
    """Load every shipped bundle, and replay its test vectors with this computer's arithmetic."""
    from acoustic.application import load

    for name in shipped_bundles():
        try:
            n_stages = load(name).check()
        except Exception as error:  # whatever is wrong with one, the others are checked
            detail = str(error) if isinstance(error, AcousticError) else f"{type(error).__name__}: {error}"
            yield Finding(f"bundle {name}", "fail", detail, "Install the package again.")
        else:
            yield Finding(f"bundle {name}", "ok", f"loads; its {n_stages} test vectors give the same bytes here")


def _microphone(device: str | None, seconds: float) -> Iterator[Finding]:
    """Look for the microphone and listen to it; without one, files can still be scored."""
    from acoustic.audio import LevelMeter, Microphone, find_device

    try:
        chosen = find_device(device, "input")
    except DeviceError as error:
        yield Finding("microphone", "warn" if device is None else "fail", str(error))
        return
    rate_hz = chosen.default_rate_hz
    yield Finding("microphone", "ok", f"{chosen.name} ({chosen.host_api}), {rate_hz} Hz")
    if seconds == 0:
        return
    meter, blocks = LevelMeter(), []
    try:
        with Microphone(device, rate_hz, rate_hz // 10, reconnect_s=0.0) as microphone:
            for block in microphone:
                meter.push(block)
                blocks.append(block)
                if meter.n_samples >= math.ceil(seconds * rate_hz):
                    break
    except DeviceError as error:
        yield Finding("listening", "fail", str(error))
        return
    yield from judge(np.concatenate(blocks), rate_hz, meter, microphone.health)
