"""The denoiser that Python runs in C beside the one in NumPy: the same bytes."""

import ctypes
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from acoustic_apps.hearing_denoise import chain as chains
from acoustic_apps.hearing_denoise.chain import Denoiser
from acoustic_apps.hearing_denoise.compiled import HOME, CompiledStream
from acoustic_apps.hearing_denoise.firmware import settings
from acoustic_apps.hearing_denoise.model import HearingModel
from made_hearing import WIDE, drawn_model, noisy_pcm
from numpy.typing import NDArray

from acoustic import native
from acoustic.application import load
from acoustic.errors import ParameterError
from acoustic.native import build, computing_with


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if build.compiler() is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")
    home = tmp_path_factory.mktemp("built") / "csrc"
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("*.so"))
    assert build.build(home)
    found, complaint = native.load(home / "_core.so")
    assert found is not None, complaint
    return found


@pytest.fixture(autouse=True)
def compiled(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains are computed in C unless they are told to use NumPy."""
    monkeypatch.delenv("ACOUSTIC_NATIVE", raising=False)
    monkeypatch.setattr(native, "core", lambda home=None: library if native.backend() == "compiled" else None)


def pair(model: HearingModel, **settings: float) -> tuple[Denoiser, Denoiser]:
    """The same chain in C and in NumPy."""
    in_c = Denoiser(model, **settings)
    assert isinstance(in_c._stream, CompiledStream)
    with computing_with("numpy"):
        in_numpy = Denoiser(model, **settings)
        assert isinstance(in_numpy._stream, chains._NumpyStream)
    return in_c, in_numpy


def pushed(denoiser: Denoiser, pcm: NDArray[np.int16], sizes: Sequence[int]) -> NDArray[np.int16]:
    cuts = np.minimum(np.cumsum(np.resize(sizes, len(pcm))), len(pcm))
    parts = np.split(pcm, cuts[: int(np.searchsorted(cuts, len(pcm)))])
    return np.concatenate([*map(denoiser.push, parts), denoiser.flush()])


@pytest.mark.parametrize("sizes", [(1,), (63, 64, 65), (160,), (1000, 7, 0), (10**6,)])
def test_blocks_of_any_size_give_numpy_s_bytes(sizes: tuple[int, ...]) -> None:
    pcm = noisy_pcm(1, 0.5)
    in_c, in_numpy = pair(drawn_model())
    expected = pushed(in_numpy, pcm, [10**6])
    assert len(set(expected.tolist())) > 100
    assert pushed(in_c, pcm, sizes).tobytes() == expected.tobytes()


def test_the_shipped_bundle_gives_its_test_vectors() -> None:
    shipped = load("hearing")
    in_c, _ = pair(shipped.typed)
    vectors = shipped.bundle.vectors
    assert in_c.push(vectors["pcm"]).tobytes() == vectors["enhanced"].tobytes()


@pytest.mark.parametrize("settings", [{"strength": 0.0}, {"strength": 0.37}, {"floor_db": -3.0}, {"floor_db": -60.0}])
def test_strength_and_floor_do_the_same(settings: dict[str, float]) -> None:
    pcm = noisy_pcm(2, 0.3)
    in_c, in_numpy = pair(drawn_model(), **settings)
    assert pushed(in_c, pcm, [160]).tobytes() == pushed(in_numpy, pcm, [160]).tobytes()


def test_changes_while_it_runs_fade_alike() -> None:
    pcm, out = noisy_pcm(3, 0.8), []
    for chain in pair(drawn_model(), strength=0.8):
        parts = []
        for number, block in enumerate(np.array_split(pcm, 40)):
            chain.strength, chain.bypass = (0.8, 0.1, 1.0)[number // 7 % 3], number // 5 % 2 == 1
            parts.append(chain.push(block))
        out.append(np.concatenate(parts).tobytes())
    assert out[0] == out[1]


def test_a_reset_chain_is_a_new_one_in_bypass_too() -> None:
    pcm = noisy_pcm(4, 0.2)
    for chain in pair(drawn_model()):
        first = pushed(chain, pcm, [160])
        chain.reset()
        assert pushed(chain, pcm, [160]).tobytes() == first.tobytes()
        chain.bypass = True
        chain.reset()
        assert np.array_equal(pushed(chain, pcm, [160])[chain.delay_samples :], pcm)


def test_samples_that_are_not_next_to_each_other() -> None:
    pcm = np.repeat(noisy_pcm(5, 0.1), 2)
    in_c, in_numpy = pair(drawn_model())
    assert in_c.push(pcm[::2]).tobytes() == in_numpy.push(pcm[::2].copy()).tobytes()
    with pytest.raises(ParameterError, match="int16"):
        in_c.push(pcm.astype(np.float32))


def test_streams_at_the_same_time_do_not_touch() -> None:
    sounds = [noisy_pcm(seed, 0.5) for seed in range(4)]
    expected = [pushed(pair(drawn_model())[1], pcm, [10**6]).tobytes() for pcm in sounds]
    with ThreadPoolExecutor(len(sounds)) as threads:
        made = threads.map(lambda pcm: pushed(Denoiser(drawn_model()), pcm, [64]).tobytes(), sounds)
        assert list(made) == expected


@pytest.mark.parametrize("model", [drawn_model(units=20), drawn_model(WIDE)], ids=["units", "front end"])
def test_models_of_other_sizes_run_in_numpy(model: HearingModel) -> None:
    denoiser = Denoiser(model)
    assert isinstance(denoiser._stream, chains._NumpyStream)
    assert len(denoiser.push(noisy_pcm(6, 0.08))) == 1280


def test_settings_that_are_compiled_are_those_of_python() -> None:
    assert (HOME / "acoustic_hearing_settings.h").read_text(encoding="utf-8") == settings(load("hearing").typed)
