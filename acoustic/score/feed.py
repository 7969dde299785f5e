"""PCM into an application: its chains, their events collected, and the sound they make, at the rate that came in."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from acoustic.application import Facts, Loaded, Report
from acoustic.audio import LevelMeter, StreamResampler, to_pcm16
from acoustic.audio.resample import from_pcm16
from acoustic.audio.sound import CLIPPED_SHARE
from acoustic.audio.source import Pcm16
from acoustic.audio.start import Began, fields_of
from acoustic.text import finite


class Feed:
    """Feeds sound to an application, in blocks of any size.

    An application that makes sound has a chain for each channel, so that what one microphone hears changes nothing in
    the other channels; the events are those of the first. Any other has one chain.

    Parameters
    ----------
    loaded : Loaded
        The model.
    options
        The application's options.
    rate_hz : int
        Rate at which the sound that is made is returned (Hz).
    channels : int
    painter : Painter, optional
        Sees the mean of the channels, as they came and as they were made.

    Attributes
    ----------
    n_chains : int
        Columns of the PCM that :meth:`push` takes.
    n_samples : int
        Samples pushed so far, at the model's rate.
    collector : Collector
    """

    def __init__(
        self, loaded: Loaded[Any, Any, Any, Any], options: Any, rate_hz: int, channels: int, painter: Any = None
    ) -> None:
        application = loaded.application
        self.n_chains = channels if application.makes_sound else 1
        self.n_samples = 0
        self._chains: list[Any] = [application.chain(loaded.typed, options) for _ in range(self.n_chains)]
        self.collector = application.collect(loaded.typed, options, self._chains[0])
        self._painter, self._makes_sound = painter, application.makes_sound
        self._rate_hz, self._model_rate_hz = rate_hz, loaded.rate_hz
        self._back = StreamResampler(loaded.rate_hz, rate_hz, self.n_chains)
        self._before, self._after = LevelMeter(), LevelMeter()
        self._made: list[Pcm16] = []
        self._n_made = 0

    def push(self, pcm: Pcm16) -> list[Report]:
        """Take samples, int16 (n, n_chains) at the model's rate; return what the events that they complete report."""
        self.n_samples += len(pcm)
        if self._makes_sound:
            self._before.push(pcm)
        if self._painter is not None:
            self._painter.push(_mixed(pcm))
        channels = np.ascontiguousarray(pcm.T)
        events = [chain.push(samples) for chain, samples in zip(self._chains, channels, strict=True)]
        if self._makes_sound:
            self._keep(self._sound())
        return self._collect(events[0])

    def flush(self, n_frames: int) -> list[Report]:
        """End the stream; return what the remaining events report.

        ``n_frames`` is the length of the sound at its own rate: what is made of it gets just as long.
        """
        events = [chain.flush() for chain in self._chains]
        if self._makes_sound:
            rest = np.concatenate([self._sound(), to_pcm16(self._back.flush()).reshape(-1, self.n_chains)])
            self._keep(rest[: n_frames - self._n_made])
            # Resampled there and back, a recording may have lost a sample at its end.
            self._keep(np.zeros((n_frames - self._n_made, self.n_chains), np.int16))
        return self._collect(events[0])

    def sound(self) -> Pcm16:
        """Return the sound made since the last call, int16 (n, n_chains) at its own rate, in line with what came in."""
        made, self._made = self._made, []
        return np.concatenate(made) if made else np.empty((0, self.n_chains), np.int16)

    def facts(
        self,
        file: str,
        n_frames: int,
        warnings: Iterable[str],
        *,
        realtime_factor: float | None = None,
        output: str | None = None,
        began: Began | None = None,
    ) -> Facts:
        """Return what is known of the stream so far: ``n_frames`` came in, and ``warnings`` are to be told of it."""
        # The sound that is made is as long as what came, to the sample.
        in_s, heard_s = n_frames / self._rate_hz, self.n_samples / self._model_rate_hz
        return Facts(
            file=file,
            duration_s=in_s if self._makes_sound else heard_s,
            rate_hz=self._rate_hz,
            warnings=(*warnings, *self._remarks()),
            realtime_factor=realtime_factor,
            output=output,
            input_dbfs=finite(self._before.rms_dbfs),
            output_dbfs=finite(self._after.rms_dbfs),
            **fields_of(began),
        )

    def _remarks(self) -> Iterator[str]:
        """Yield what a person should know about the sound that was made."""
        if self._after.clipped >= CLIPPED_SHARE:
            yield f"limited: {self._after.clipped:.2%} of the result's samples are at full scale"
        if self._makes_sound and self._rate_hz > self._model_rate_hz:
            highest_khz = self._model_rate_hz / 2000
            yield f"narrowed: the result holds only what the model hears, up to {highest_khz:g} kHz"

    def _sound(self) -> Pcm16:
        """Return what the chains have made by now, at the rate that the sound came with."""
        made = np.stack([chain.sound() for chain in self._chains], axis=1)
        if self._painter is not None:
            self._painter.push_sound(_mixed(made))
        samples = from_pcm16(made)
        return to_pcm16(self._back.push(samples if self.n_chains > 1 else samples[:, 0])).reshape(-1, self.n_chains)

    def _keep(self, pcm: Pcm16) -> None:
        self._after.push(pcm)
        self._made.append(pcm)
        self._n_made += len(pcm)

    def _collect(self, events: Sequence[Any]) -> list[Report]:
        return [report for event in events for report in self.collector.hear(event)]


def _mixed(pcm: Pcm16) -> Pcm16:
    return pcm[:, 0] if pcm.shape[1] == 1 else to_pcm16(from_pcm16(pcm).mean(axis=1))
