"""Records that every live stream writes, whatever the application: start, health, trouble, and the summary's frame."""

from dataclasses import dataclass
from typing import Annotated

from acoustic.application import Started, StartedFrom
from acoustic.records import About

Seconds = Annotated[float, About("Position in the stream.", unit="s", digits=4)]

Time = Annotated[str, About("When it was told, by the position in the stream, ISO 8601 with its zone; where known.")]


@dataclass(frozen=True, kw_only=True)
class Start:
    """The stream begins."""

    source: Annotated[str, About("Name of the microphone, path of the recording, or - for standard input.")]
    rate_hz: Annotated[int, About("Sampling rate at which the sound comes, before any resampling.", unit="Hz")]
    bundle: Annotated[str, About("Name of the model.")]
    version: Annotated[str, About("Version of the model.")]
    sha256: Annotated[str, About("SHA-256 of the bundle, hexadecimal.")]
    application: Annotated[str, About("Application that listens.")]
    started: Started
    started_from: StartedFrom


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something went wrong with the sound, or right again."""

    t_s: Seconds
    message: Annotated[str, About("One sentence for people.")]


@dataclass(frozen=True, kw_only=True)
class Health:
    """How well the stream is heard and kept up with; applications add fields of their own."""

    t_s: Seconds
    level_dbfs: Annotated[float | None, About("RMS level since the last one; null: silence.", unit="dBFS", digits=1)]
    peak_dbfs: Annotated[float | None, About("Peak level since the last one; null: silence.", unit="dBFS", digits=1)]
    clipped: Annotated[float, About("Share of samples at full scale since the last one.", digits=6)]


@dataclass(frozen=True, kw_only=True)
class KeepingUp:
    """The end of a health record: how well the program keeps up, and what was lost."""

    realtime_factor: Annotated[float, About("Time of work per time of sound.", digits=4)]
    lag_s: Annotated[float, About("Delay behind the most punctual block.", unit="s", digits=3)]
    max_lag_s: Annotated[float, About("Largest lag so far.", unit="s", digits=3)]
    overflows: Annotated[int, About("Blocks after which the device itself lost samples.")]
    dropped_blocks: Annotated[int, About("Blocks lost because the program was late; replaced by zeros.")]
    reconnects: Annotated[int, About("Times the device went away and came back.")]
    moves: Annotated[int, About("Times the sound server moved the stream to another device.")]
    lost_s: Annotated[float, About("Duration of all zeros put in for lost sound.", unit="s", digits=3)]
    silent: Annotated[bool, About("Whether the device delivers nothing but zeros.")]


@dataclass(frozen=True, kw_only=True)
class OutputLevel:
    """A field of a health record of a stream that makes sound; those of the application follow."""

    output_dbfs: Annotated[float | None, About("RMS level of the output since the last one.", unit="dBFS", digits=1)]


@dataclass(frozen=True, kw_only=True)
class OutputHealth:
    """Fields of a health record of a stream that makes sound."""

    latency_ms: Annotated[float, About("Algorithmic delay.", unit="ms")]
    buffer_ms: Annotated[float, About("Delay of all buffers around it.", unit="ms", digits=1)]
    underruns: Annotated[int, About("Times the loudspeaker ran out of sound.")]
    dropped: Annotated[int, About("Blocks left out against drift.")]
    repeated: Annotated[int, About("Blocks played twice against drift.")]
    output_reconnects: Annotated[int, About("Times the loudspeaker went away and came back.")]
    output_moves: Annotated[int, About("Times the sound server moved the sound to another loudspeaker.")]
    output_lost_s: Annotated[float, About("Sound not played because the loudspeaker was away.", unit="s", digits=3)]
    lost_blocks: Annotated[int, About("Blocks that did not come in whole, or did not go out as they were.")]
