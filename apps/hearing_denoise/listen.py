"""Listening through the hearing aid: microphone to loudspeaker, with knobs while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from acoustic.audio import Aligned, LevelMeter, Microphone, Speaker, WavWriter
from acoustic.audio.source import Pcm16
from acoustic.errors import ParameterError
from acoustic.live import Input, Listener, Playout, Rows
from acoustic.live.listener import finite
from acoustic.live.ramp import StartUpRamp
from acoustic.model.bundle import Bundle
from acoustic.terminal import level_bar

from .aid import Enhancer

#: Length of the blocks: from a microphone short, from a file long, which is faster and gives the same samples.
BLOCK_S, FILE_BLOCK_S = 0.01, 0.5
#: In this time the sound fades in, against feedback.
RAMP_S = 1.0
#: What a key changes of the strength.
STRENGTH_STEP = 0.1
#: What the loudspeaker's queue holds beyond the buffer before writing would wait (s).
SPARE_S = 1.0


class Sink(Protocol):
    """Where the enhanced sound goes: a `Playout` or a `WavWriter`."""

    def write(self, pcm: Pcm16, /) -> None:
        """Take samples."""
        ...


@contextmanager
def open_sink(device: str | None, file: Path | None, rate_hz: int, buffer_s: float) -> Iterator[Sink]:
    """Open a loudspeaker, or the file that stands in for it; at the end of the block it is finished and closed.

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
        speaker = Speaker(device, rate_hz, queue_s=buffer_s + SPARE_S, latency=buffer_s / 2)
        with Playout(speaker, buffer_s / 2) as playout:
            yield playout
        return
    if device is not None:
        raise ParameterError("Play through a loudspeaker or write to a file, not both.")
    with WavWriter(file, rate_hz) as writer:
        yield writer


class AidChain:
    """An enhancer as the chain of a live session: what it decides is sound, in line with what is heard."""

    def __init__(self, aid: Enhancer) -> None:
        self._aligned = Aligned(aid)

    def push(self, pcm: Pcm16) -> list[Pcm16]:
        """Take samples, return those that are ready."""
        return [self._aligned.push(pcm)]

    def flush(self) -> list[Pcm16]:
        """Return the rest."""
        return [self._aligned.flush()]


class HearingListener(Listener[Pcm16]):
    """What happens while someone listens through the aid.

    Parameters
    ----------
    sound
        What to listen to, at the bundle's rate.
    bundle
        What the aid was made of.
    aid
        A new enhancer.
    sink
        Where its sound goes.
    """

    keys = "b bypass   + - strength   q quit"
    sound_row = "input"

    def __init__(self, sound: Input, bundle: Bundle, aid: Enhancer, sink: Sink) -> None:
        super().__init__(sound, bundle, AidChain(aid))
        self.lost_blocks = 0
        """Blocks that did not come in whole, or did not go out as they were."""
        self._aid, self._sink = aid, sink
        self._playout = sink if isinstance(sink, Playout) else None
        self._ramp = StartUpRamp(aid.rate_hz, RAMP_S if self._playout is not None else 0.0)
        # Since the panel was drawn, and since the last health event.
        self._shown, self._told = LevelMeter(), LevelMeter()

    def hear(self, event: Pcm16) -> None:
        """Play and keep enhanced sound."""
        self._sink.write(self._ramp.push(event))
        # Now, and not at the end: when no sound comes any more, the loudspeaker runs dry, and that is no loss.
        self.lost_blocks = self._lost_in + (0 if self._playout is None else self._playout.lost_blocks)
        self.keep(event)
        self._shown.push(event)
        self._told.push(event)

    def press(self, key: str, t_s: float) -> None:
        """Switch bypass, or change the strength."""
        match key:
            case "b":
                self._aid.bypass = not self._aid.bypass
            case "+" | "=" | "↑":
                self._aid.strength = round(min(1.0, self._aid.strength + STRENGTH_STEP), 3)
            case "-" | "↓":
                self._aid.strength = round(max(0.0, self._aid.strength - STRENGTH_STEP), 3)
            case _:
                return
        self.tell({"event": "knob", "t_s": t_s, **self._knobs()})

    def rows(self) -> Rows:
        """Output, reduction, knobs, delays and losses."""
        reduction_db = self.level.rms_dbfs - self._shown.rms_dbfs
        output: list[str | tuple[str, str]] = [f"{level_bar(self._shown.rms_dbfs)}   peak {self._shown.peak_dbfs:.0f}"]
        if self._shown.clipped:
            output.append(("   CLIPPING", "bold yellow"))
        rows: dict[str, list[str | tuple[str, str]]] = {
            "output": output,
            "reduction": [f"{reduction_db:.1f} dB" if np.isfinite(reduction_db) else "-"],
            "strength": [("BYPASS", "bold yellow") if self._aid.bypass else (f"{self._aid.strength:.0%}", "bold")],
            "delay": [f"{self._aid.latency_ms:.0f} ms algorithm + {1000 * self._buffered_s:.0f} ms buffers"],
        }
        if self._playout is not None:
            out = self._playout
            lost = f"input {self._lost_in}   output {out.speaker.underruns}   drift {out.dropped + out.repeated}"
            rows["lost blocks"] = [(lost, "bold yellow" if self.lost_blocks else "")]
        self._shown.reset()
        return rows

    def health(self) -> dict[str, Any]:
        """Return output, knobs, delays and losses."""
        output_dbfs = finite(self._told.rms_dbfs)
        self._told.reset()
        out = self._playout
        return {
            "output_dbfs": output_dbfs,
            **self._knobs(),
            "latency_ms": self._aid.latency_ms,
            "buffer_ms": round(1000 * self._buffered_s, 1),
            "underruns": 0 if out is None else out.speaker.underruns,
            "dropped": 0 if out is None else out.dropped,
            "repeated": 0 if out is None else out.repeated,
            "lost_blocks": self.lost_blocks,
        }

    def finish(self) -> None:
        """Tell the summary."""
        self.tell(
            {
                "event": "summary",
                "file": self.file,
                "duration_s": round(self.now_s, 4),
                "rtf": round(self.pace.realtime_factor, 5),
                "latency_ms": self._aid.latency_ms,
                "lost_blocks": self.lost_blocks,
                "warnings": self.warnings,
            }
        )
        if self._playout is not None:
            self.say(f"lost blocks: {self.lost_blocks}; time of work: {self.pace.realtime_factor:.1%} of real time")

    @property
    def _lost_in(self) -> int:
        health = self._sound.source.health
        return health.overflows + health.dropped_blocks

    @property
    def _buffered_s(self) -> float:
        """Delay of everything but the algorithm (s)."""
        source = self._sound.source
        heard_s = source.latency_s + source.block_samples / source.rate_hz if isinstance(source, Microphone) else 0.0
        return heard_s + (0.0 if self._playout is None else self._playout.delay_s)

    def _knobs(self) -> dict[str, Any]:
        return {"strength": self._aid.strength, "bypass": self._aid.bypass}
