"""What nobody should have to expect: odd sounds, and bundles that were tampered with."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields, replace
from typing import Any
from unittest.mock import patch

import numpy as np

from acoustic.application import Array
from acoustic.audio.source import Pcm16
from acoustic.errors import AcousticError, BundleError
from acoustic.frontend import compiled
from acoustic.model.bundle import Bundle
from acoustic.records import LONGEST_MESSAGE
from acoustic.testing.subject import require

VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 60.0, 1e-300, 1e308, -1e308, 2**62),
    *("NaN", "a\0b", "9" * 400, "1," * 400, [], {}, [[[]]], {"": {"": {}}}),
)
"""Values that few settings are made for."""
N_BYTES = 20
"""Bytes of a network that are changed, one at a time."""


def sounds(rate_hz: int, n: int | None = None) -> dict[str, Pcm16]:
    """Return sounds that no application is made for, int16 (n,); a second each unless told otherwise."""
    rng, n = np.random.default_rng(0), n or rate_hz
    noise = rng.standard_normal(n) * np.repeat(10 ** rng.uniform(0.0, 4.4, 20), -(-n // 20))[:n]
    signals = {
        "silence": np.zeros(n),
        "offset": np.full(n, 12_000.0),
        "noise": noise,
        "clipped noise": 1000.0 * noise,
        "square": np.where(np.arange(n) % 40 < 20, 32_767, -32_768),
        "clicks": np.where(rng.random(n) < 1e-3, -32_768, 3),
    }
    return {name: np.clip(np.rint(signal), -32_768, 32_767).astype(np.int16) for name, signal in signals.items()}


def recordings(rate_hz: int, n: int) -> dict[str, tuple[Pcm16, int]]:
    """Return samples, int16 of up to (n, channels), and their rate (Hz)."""
    own = sounds(rate_hz, n)
    noise = own["noise"]
    return {
        **{name: (pcm, rate_hz) for name, pcm in own.items()},
        "empty": (noise[:0], rate_hz),
        "one sample": (noise[:1], rate_hz),
        "short": (noise[:10], rate_hz),
        "slow": (noise[:2000], 1000),
        "fast": (noise, 192_000),
        "antiphase": (np.stack([noise, -np.maximum(noise, -32_767)], axis=1), rate_hz),
    }


def tampered(bundle: Bundle) -> Iterator[tuple[str, Callable[[], Bundle]]]:
    """Yield bundles with something missing or wrong, each with what it is; making one may raise."""
    for part in ("decision", "calibration"):
        settings = getattr(bundle, part)
        yield f"{part} with a field too many", _change(bundle, part, {**settings, "unknown": 1})
        for path in _paths(settings):
            for value in (..., *VALUES):
                what = f"{part}: {'.'.join(map(str, path))} {'missing' if value is ... else f'= {value!r:.40}'}"
                yield what, _change(bundle, part, _replaced(settings, path, value))
    for name, vector in bundle.vectors.items():
        others = {key: value for key, value in bundle.vectors.items() if key != name}
        yield f"vector {name} missing", _change(bundle, "vectors", others)
        for what, wrong in _wrong_vectors(vector).items():
            yield f"vector {name} {what}", _change(bundle, "vectors", {**others, name: wrong})
    for one in fields(bundle.frontend):
        value = getattr(bundle.frontend, one.name)
        for other in (1, value // 2, 2 * value, 4 * value) if isinstance(value, int) else ():
            yield f"front end: {one.name} = {other}", _other_front_end(bundle, one.name, other)
    rng = np.random.default_rng(0)
    for at in rng.integers(len(bundle.network), size=N_BYTES).tolist():
        network = bytearray(bundle.network)
        network[at] ^= int(rng.integers(1, 256))
        yield f"network: byte {at}", _change(bundle, "network", bytes(network))


def _wrong_vectors(vector: Array) -> dict[str, Array]:
    return {
        "empty": vector[:0],
        "cut": vector.reshape(-1)[:3],
        "as NaN": np.full(vector.shape, np.nan),
        "huge": np.full(vector.shape, 1e300),
        "as integers": np.full(vector.shape, 2**62),
        "as a number": np.array(7),
    }


def _change(bundle: Bundle, part: str, value: Any) -> Callable[[], Bundle]:
    return lambda: bundle.replace(**{part: value})


def _other_front_end(bundle: Bundle, name: str, value: int) -> Callable[[], Bundle]:
    front_end: Any = bundle.frontend
    return lambda: bundle.replace(frontend=replace(front_end, **{name: value}))


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths to all settings; of a list to its first and last element."""
    keys: Any = value if isinstance(value, dict) else {0, len(value) - 1} if isinstance(value, list) and value else ()
    for key in keys:
        yield (*path, key)
        yield from _paths(value[key], (*path, key))


def _replaced(settings: Any, path: Sequence[str | int], value: Any) -> Any:
    """Return settings with another value at a path; with an ellipsis, without what is there."""
    key, *rest = path
    copy = settings.copy()
    if rest:
        copy[key] = _replaced(settings[key], rest, value)
    elif value is ...:
        del copy[key]
    else:
        copy[key] = value
    return copy


@contextmanager
def only_acoustic_errors(what: str) -> Iterator[None]:
    """Take errors of the suite for an answer, where they are short; anything else that is raised fails the check."""
    try:
        yield
    except AcousticError as error:
        require(len(str(error)) <= LONGEST_MESSAGE, f"{what}: the message is too long: {error}")
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error


def refuses(action: Callable[[], object]) -> bool:
    """Whether an action raises an error of bundles."""
    try:
        action()
    except BundleError:
        return True
    return False


@contextmanager
def noise_in_the_core() -> Iterator[None]:
    """Add noise to whatever the compiled front end gives, for the time of the block."""

    def noisy(call: Callable[..., None]) -> Callable[..., None]:
        def called(self: Any, *arrays: Array) -> None:
            call(self, *arrays)
            noise = np.random.default_rng(0).normal(0.0, 3.0, arrays[-1].shape)
            np.add(arrays[-1], noise, out=arrays[-1], casting="unsafe")

        return called

    with ExitStack() as stack:
        for kind in [kind for name, kind in vars(compiled).items() if name.endswith("Frames")]:
            stack.enter_context(patch.object(kind, "__call__", noisy(kind.__call__)))
        yield
