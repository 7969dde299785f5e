"""The one definition of the front end: every number that decides what a model hears."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from acoustic.errors import ParameterError

#: Version of the arithmetic. It changes whenever any output byte would, so that a model trained
#: with another arithmetic is refused instead of being quietly wrong.
ARITHMETIC_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What all definitions have in common: plain numbers and texts, and a fingerprint of them."""

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make a definition from :meth:`to_dict`'s output.

        Raises
        ------
        ParameterError
            When a field is missing, unknown, or of the wrong type.
        """
        types = {f.name: f.type for f in fields(cls)}
        if set(values) != set(types):
            raise ParameterError(f"front end: fields {sorted(values)} are not the expected {sorted(types)}")
        kinds: dict[Any, tuple[type, ...]] = {int: (int,), float: (int, float)}
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, kinds.get(types[name], (int, str))):
                raise ParameterError(f"front end: {name} may not be {value!r}")
        return cls(**values)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the definition, the arithmetic's version included."""
        numbers = {k: float(v) if isinstance(v, (int, float)) else v for k, v in self.to_dict().items()}
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class FrontEnd(Definition):
    """Settings of the log-mel front end.

    Frames start at multiples of ``hop_samples`` from the first sample; nothing is padded or centred,
    so a stream and a file give the same frames.

    Raises
    ------
    ParameterError
        When a value is out of range, or a mel band would contain no FFT bin.
    """

    rate_hz: int
    """Sampling rate of the PCM."""
    frame_samples: int
    """Length of the periodic Hann window (even)."""
    hop_samples: int
    """Samples from one frame to the next."""
    n_fft: int
    """FFT size, a power of two, at least ``frame_samples``; the frame is padded with zeros."""
    n_mels: int
    """Number of mel bands."""
    fmin_hz: float
    """Lower edge of the lowest band."""
    fmax_hz: float
    """Upper edge of the highest band."""
    mel_scale: Literal["slaney", "htk"] = "slaney"
    """Mel formula: Slaney's Auditory Toolbox (1998), or the HTK book's 2595 log10(1 + f/700)."""
    mel_norm: Literal["slaney", "none"] = "slaney"
    """``slaney``: triangles of equal area; ``none``: triangles of height one."""
    power: Literal[1, 2] = 2
    """1: magnitude, 2: power spectrum under the triangles."""
    log: Literal["db"] = "db"
    """Unit of the output: 10 log10 of the band value (power 2) or 20 log10 (power 1)."""
    floor: float = 1e-10
    """Smallest band value; smaller ones are raised to it before the logarithm."""
    version: int = ARITHMETIC_VERSION
    """Version of the arithmetic that the definition was made for."""

    def __post_init__(self) -> None:
        """Check every range once, here, so that no later code has to."""
        checks = [
            (1000 <= self.rate_hz <= 384_000, "rate_hz must be 1000 to 384000"),
            (self.n_fft in (1 << k for k in range(4, 14)), "n_fft must be a power of two, 16 to 8192"),
            (2 <= self.frame_samples <= self.n_fft, "frame_samples must be 2 to n_fft"),
            (self.frame_samples % 2 == 0, "frame_samples must be even"),
            (1 <= self.hop_samples <= self.frame_samples, "hop_samples must be 1 to frame_samples"),
            (1 <= self.n_mels <= self.n_fft // 2, "n_mels must be 1 to n_fft / 2"),
            (0 <= self.fmin_hz < self.fmax_hz <= self.rate_hz / 2, "0 <= fmin_hz < fmax_hz <= rate_hz / 2 must hold"),
            (self.mel_scale in ("slaney", "htk"), "mel_scale must be slaney or htk"),
            (self.mel_norm in ("slaney", "none"), "mel_norm must be slaney or none"),
            (self.power in (1, 2), "power must be 1 or 2"),
            (self.log == "db", "log must be db"),
            (1e-30 <= self.floor <= 1.0, "floor must be 1e-30 to 1"),
        ]
        for holds, sentence in checks:
            if not holds:
                raise ParameterError(f"front end: {sentence}; this one is {self}")

    @property
    def frames_per_second(self) -> float:
        """Frames a second."""
        return self.rate_hz / self.hop_samples

    def n_frames(self, n_samples: int) -> int:
        """Complete frames in ``n_samples`` samples."""
        return max(0, 1 + (n_samples - self.frame_samples) // self.hop_samples)

    def frame_centre_s(self, frame: int) -> float:
        """Time of the middle of frame number ``frame``, in seconds from the first sample."""
        return (frame * self.hop_samples + self.frame_samples / 2) / self.rate_hz
