"""What a live program listens to: a microphone, a recording, or standard input."""

import sys
from dataclasses import dataclass

from acoustic.audio import Microphone, PcmStream, RecordingSource, Source
from acoustic.audio.start import CLOCK, Began, by_clock, given
from acoustic.errors import ParameterError

STDIN = "-"


@dataclass(frozen=True)
class Input:
    """An opened source and where its sound comes from.

    Attributes
    ----------
    source : Source
    name : str
        Name of the device, path of the recording, or "-".
    rate_hz : int
        Rate at which the sound comes, before any resampling (Hz).
    """

    source: Source
    name: str
    rate_hz: int
    can_wait: bool
    """Whether nothing is lost when it is read late: of a recording, or of standard input."""
    began: Began | None = None
    """When its first sample was recorded; None where nothing tells."""

    def time(self, position_s: float) -> str | None:
        """Return the time at a position in the stream (s), ISO 8601 with its zone; None where nothing tells."""
        if self.began is None:
            return None
        # Samples of a device drift from the clock by seconds a day: the clock is asked anew.
        return by_clock().iso() if self.began.source == CLOCK else self.began.iso(position_s)

    @property
    def warnings(self) -> list[str]:
        """What a person should know about the sound heard, in plain sentences."""
        if isinstance(self.source, RecordingSource):
            return list(self.source.recording.warnings)
        return [f"{event.time_s:.1f} s: {event.message}" for event in self.source.health.events]


def open_input(
    device: str | None,
    recording: str | None,
    rate_hz: int,
    block_samples: int,
    *,
    stdin_rate_hz: int | None = None,
    speed: float | None = None,
    wait_s: float = 0.0,
    start: str | None = None,
) -> Input:
    """Open a microphone, or what stands in for it.

    Parameters
    ----------
    device : str or None
        Microphone, see `acoustic.audio.find_device`; None for the default one.
    recording : str or None
        A sound file that is heard instead, or "-" for int16 mono PCM on standard input.
    rate_hz, block_samples : int
        Rate (Hz) and length (samples) of the blocks.
    stdin_rate_hz : int or None
        Rate of standard input (Hz); None: ``rate_hz``.
    speed : float or None
        How fast a recording is heard: 1 at real time, 0 as fast as it goes; None: at real time.
    wait_s : float
        How long to wait for a microphone that is not there yet (s).
    start : str or None
        When the sound began, ISO 8601; None: as the clock, or the recording, tells.

    Raises
    ------
    ParameterError
        If the settings contradict each other, or ``start`` is no time.
    AudioFileError, DeviceError
        If it cannot be opened.
    """
    if device is not None and recording is not None:
        raise ParameterError("Listen to a device or to an input, not to both.")
    if speed is not None and recording in (None, STDIN):
        raise ParameterError("Only a recording has a speed: a microphone and standard input set their own pace.")
    if stdin_rate_hz is not None and recording != STDIN:
        raise ParameterError("A rate is only told for standard input; files and microphones know their own.")
    began = None if start is None else given(start)
    if recording is None:
        microphone = Microphone(device, rate_hz, block_samples, wait_s=wait_s)
        name, native_rate_hz = microphone.device.name, microphone.native_rate_hz
        return Input(microphone, name, native_rate_hz, can_wait=False, began=began or by_clock())
    if recording == STDIN:
        in_rate_hz = stdin_rate_hz or rate_hz
        pcm = PcmStream(sys.stdin.buffer, in_rate_hz, rate_hz, block_samples)  # type: ignore[arg-type]
        return Input(pcm, STDIN, in_rate_hz, can_wait=True, began=began)
    played = RecordingSource(recording, rate_hz, block_samples, (1.0 if speed is None else speed) or None)
    began = began or played.recording.began
    return Input(played, recording, played.recording.rate_hz, can_wait=True, began=began)
