"""Sound out of a live stream: through a loudspeaker, or into a file, with its levels, delays and losses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from acoustic.application import Rows, SoundChain
from acoustic.audio import Microphone, Speaker, WavWriter
from acoustic.audio.source import Pcm16, SourceHealth
from acoustic.errors import ParameterError
from acoustic.live.events import OutputHealth, OutputLevel
from acoustic.live.levels import Levels
from acoustic.live.playout import Playout
from acoustic.live.ramp import StartUpRamp
from acoustic.live.sources import Input
from acoustic.text import finite, level_bar

#: In this time the sound of a loudspeaker fades in, against feedback.
RAMP_S = 1.0
#: What the loudspeaker's queue holds beyond the buffer before writing would wait (s).
SPARE_S = 1.0


class SoundOut:
    """Takes the sound that a chain makes to where it is to be heard.

    Parameters
    ----------
    target : Playout or WavWriter
    rate_hz : int
        Rate of the sound (Hz).
    """

    def __init__(self, target: Playout | WavWriter, rate_hz: int) -> None:
        self.lost_blocks = 0
        """Blocks that did not come in whole, or did not go out as they were."""
        self._target = target
        self._playout = target if isinstance(target, Playout) else None
        self._rate_hz = rate_hz
        self._ramp = StartUpRamp(rate_hz, RAMP_S if self._playout is not None else 0.0)
        self.levels = Levels()

    def write(self, pcm: Pcm16, sound: Input) -> None:
        """Take samples; ``sound`` is what they were made of.

        Raises
        ------
        DeviceError
            If the loudspeaker went away and did not come back in time.
        AcousticError
            If the file cannot be written.
        """
        if self._playout is not None and self._playout.attend():
            self._ramp = StartUpRamp(self._rate_hz, RAMP_S)
        ramped = np.rint(self._ramp.push(pcm.astype(np.float64))).astype(np.int16)
        self._target.write(ramped)
        # Now, and not at the end: when no sound comes any more, the loudspeaker runs dry, and that is no loss.
        self.lost_blocks = _lost_in(sound) + (0 if self._playout is None else self._playout.lost_blocks)
        self.levels.push(pcm)

    @property
    def source_health(self) -> SourceHealth:
        """How well the loudspeaker has kept up; a file always does."""
        return SourceHealth() if self._playout is None else self._playout.speaker.health

    @property
    def file(self) -> str | None:
        """File that takes the sound; None where a loudspeaker does."""
        return None if isinstance(self._target, Playout) else str(self._target.path)

    def panel(self, input_dbfs: float, chain: SoundChain[object], sound: Input) -> Rows:
        """Rows of the panel: output, what is taken away, delays, losses."""
        shown = self.levels.shown
        reduction_db = input_dbfs - shown.rms_dbfs
        level: list[str | tuple[str, str]] = [f"{level_bar(shown.rms_dbfs)}   peak {shown.peak_dbfs:.0f}"]
        if shown.clipped:
            level.append(("   CLIPPING", "bold yellow"))
        rows: dict[str, list[str | tuple[str, str]]] = {
            "output": level,
            "reduction": [f"{reduction_db:.1f} dB" if np.isfinite(reduction_db) else "-"],
            "delay": [f"{chain.latency_ms:.0f} ms algorithm + {1000 * self._buffered_s(sound):.0f} ms buffers"],
        }
        if self._playout is not None:
            out = self._playout
            lost = f"input {_lost_in(sound)}   output {out.speaker.underruns}   drift {out.dropped + out.repeated}"
            rows["lost blocks"] = [(lost, "bold yellow" if self.lost_blocks else "")]
            if out.speaker.away:
                rows["lost blocks"].append(("   NO LOUDSPEAKER", "bold yellow"))
        shown.reset()
        return rows

    def recorded(self) -> OutputLevel:
        """Return the level since the last call."""
        output_dbfs = finite(self.levels.recorded.rms_dbfs)
        self.levels.recorded.reset()
        return OutputLevel(output_dbfs=output_dbfs)

    def health(self, chain: SoundChain[object], sound: Input) -> OutputHealth:
        """Return delays, and losses so far."""
        out, health = self._playout, self.source_health
        return OutputHealth(
            latency_ms=chain.latency_ms,
            buffer_ms=1000 * self._buffered_s(sound),
            underruns=0 if out is None else out.speaker.underruns,
            dropped=0 if out is None else out.dropped,
            repeated=0 if out is None else out.repeated,
            output_reconnects=health.reconnects,
            output_moves=health.moves,
            output_lost_s=health.lost_s,
            lost_blocks=self.lost_blocks,
        )

    def _buffered_s(self, sound: Input) -> float:
        """Delay of everything but the algorithm (s)."""
        source = sound.source
        in_s = source.latency_s + source.block_samples / source.rate_hz if isinstance(source, Microphone) else 0.0
        return in_s + (0.0 if self._playout is None else self._playout.delay_s)


def _lost_in(sound: Input) -> int:
    health = sound.source.health
    return health.overflows + health.dropped_blocks


@contextmanager
def open_output(
    device: str | None, file: Path | None, rate_hz: int, buffer_s: float, *, wait_s: float = 0.0
) -> Iterator[SoundOut]:
    """Open a loudspeaker, or the file that stands in for it; at the end of the block it is finished and closed.

    Parameters
    ----------
    device : str or None
        Loudspeaker, see `acoustic.audio.find_device`; None for the default one.
    file : Path or None
        WAV file that takes the sound instead.
    rate_hz : int
        Rate of the sound (Hz).
    buffer_s : float
        Sound kept ready (s).
    wait_s : float
        How long to wait for a loudspeaker that is not there yet (s).

    Raises
    ------
    ParameterError
        If both are named.
    DeviceError
        If there is no such loudspeaker.
    AcousticError
        If the file cannot be written.
    """
    if file is None:
        # Half of it lies in the device, which plays on while the program is held up, half waits in the program.
        speaker = Speaker(device, rate_hz, queue_s=buffer_s + SPARE_S, latency=buffer_s / 2, wait_s=wait_s)
        with Playout(speaker, buffer_s / 2) as playout:
            yield SoundOut(playout, rate_hz)
        return
    if device is not None:
        raise ParameterError("Play through a loudspeaker or write to a file, not both.")
    with WavWriter(file, rate_hz) as writer:
        yield SoundOut(writer, rate_hz)
