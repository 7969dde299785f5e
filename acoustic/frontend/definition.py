"""The one definition of the front end: every number that decides what a model hears."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from acoustic.native import ARITHMETIC_VERSION
from acoustic.records import About, check, members, read, require

WHERE = "front end"
"""What errors are about."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What all definitions have in common: plain numbers and texts, and a fingerprint of them.

    Raises
    ------
    ParameterError
        When a value is of the wrong type or out of range: no later code has to check that.
    """

    rate_hz: Annotated[int, About("Sampling rate of the PCM.", unit="Hz", low=1000, high=384_000)]
    hop_samples: Annotated[int, About("Samples from one frame to the next.", low=1, high=8192)]
    version: Annotated[
        int, About("Version of the arithmetic that the definition was made for.", low=0, high=1_000_000)
    ] = ARITHMETIC_VERSION

    def __post_init__(self) -> None:
        """Check the fields one by one."""
        check(self, WHERE)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, for JSON."""
        values = {one.name: (one.type, getattr(self, one.name)) for one in members(type(self))}
        return {name: float(value) if kind is float else value for name, (kind, value) in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a definition from :meth:`to_dict`'s output.

        Raises
        ------
        ParameterError
            When a field is missing, unknown, or of the wrong type.
        """
        return read(cls, values, WHERE)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the definition, the arithmetic's version included."""
        numbers = {k: float(v) if isinstance(v, (int, float)) else v for k, v in self.to_dict().items()}
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()

    @property
    def frames_per_second(self) -> float:
        """Frames a second."""
        return self.rate_hz / self.hop_samples


@dataclass(frozen=True, kw_only=True)
class FrontEnd(Definition):
    """Settings of the log-mel front end.

    Frames start at multiples of ``hop_samples`` from the first sample; nothing is padded or centred,
    so a stream and a file give the same frames.

    Raises
    ------
    ParameterError
        When a value is out of range.
    """

    frame_samples: Annotated[int, About("Length of the periodic Hann window, even.", low=2, high=8192)]
    n_fft: Annotated[
        int,
        About("FFT size, a power of two, at least frame_samples; the frame is padded with zeros.", low=16, high=8192),
    ]
    n_mels: Annotated[int, About("Number of mel bands.", low=1, high=4096)]
    fmin_hz: Annotated[float, About("Lower edge of the lowest band.", unit="Hz", low=0, high=192_000)]
    fmax_hz: Annotated[float, About("Upper edge of the highest band.", unit="Hz", low=0, high=192_000)]
    mel_scale: Annotated[
        Literal["slaney", "htk"],
        About("Mel formula: Slaney's Auditory Toolbox (1998), or the HTK book's 2595 log10(1 + f/700)."),
    ] = "slaney"
    mel_norm: Annotated[
        Literal["slaney", "none"], About("slaney: triangles of equal area; none: triangles of height one.")
    ] = "slaney"
    power: Annotated[Literal[1, 2], About("1: magnitude, 2: power spectrum under the triangles.")] = 2
    log: Annotated[
        Literal["db"], About("Unit of the output: 10 log10 of the band value (power 2) or 20 log10 (power 1).")
    ] = "db"
    floor: Annotated[
        float, About("Smallest band value; smaller ones are raised to it before the logarithm.", low=1e-30, high=1.0)
    ] = 1e-10

    def __post_init__(self) -> None:
        """Check the fields one by one, and then what they have to do with each other."""
        super().__post_init__()
        n_fft, frame, hop, low, high = self.n_fft, self.frame_samples, self.hop_samples, self.fmin_hz, self.fmax_hz
        rules = {
            f"n_fft must be a power of two, not {n_fft}": n_fft & (n_fft - 1) == 0,
            f"frame_samples must be at most n_fft, {n_fft}, not {frame}": frame <= n_fft,
            f"frame_samples must be even, not {frame}": frame % 2 == 0,
            f"hop_samples must be at most frame_samples, {frame}, not {hop}": hop <= frame,
            f"n_mels must be at most n_fft / 2, {n_fft // 2}, not {self.n_mels}": self.n_mels <= n_fft // 2,
            f"0 <= fmin_hz < fmax_hz <= rate_hz / 2 must hold, not of {low} and {high} at {self.rate_hz} Hz": (
                low < high <= self.rate_hz / 2
            ),
        }
        require(WHERE, rules)

    def to_librosa(self) -> dict[str, Any]:
        """Return the arguments of ``librosa.feature.melspectrogram`` that give the same bands, framing aside.

        librosa puts a window shorter than the FFT into the middle of the frame, this front end at its beginning; the
        logarithm is not librosa's: 10 log10 of at least ``floor``.
        """
        return {
            "sr": self.rate_hz,
            "n_fft": self.n_fft,
            "hop_length": self.hop_samples,
            "win_length": self.frame_samples,
            "center": False,
            "power": self.power,
            "n_mels": self.n_mels,
            "fmin": self.fmin_hz,
            "fmax": self.fmax_hz,
            "htk": self.mel_scale == "htk",
            "norm": "slaney" if self.mel_norm == "slaney" else None,
        }

    def n_frames(self, n_samples: int) -> int:
        """Complete frames in ``n_samples`` samples."""
        return max(0, 1 + (n_samples - self.frame_samples) // self.hop_samples)

    def frame_centre_s(self, frame: int) -> float:
        """Time of the middle of frame number ``frame``, in seconds from the first sample."""
        return (frame * self.hop_samples + self.frame_samples / 2) / self.rate_hz
