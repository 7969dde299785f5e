"""The chain that Python runs in C beside the one in NumPy: the same bytes."""

import ctypes
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import made_hearing
import numpy as np
import pytest
from acoustic_apps.hearing_denoise import chain as chains
from acoustic_apps.hearing_denoise import features, network
from acoustic_apps.hearing_denoise.chain import HearingChain
from acoustic_apps.hearing_denoise.compiled import HOME, NativeStream
from acoustic_apps.hearing_denoise.features import FRONT_END
from made_hearing import DrawnModel, drawn_bundle, noisy_pcm
from numpy.typing import NDArray

from acoustic import native
from acoustic.errors import ParameterError
from acoustic.model.bundle import Bundle
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


def pair(bundle: Bundle, **settings: float) -> tuple[HearingChain, HearingChain]:
    """The same chain in C and in NumPy."""
    in_c = HearingChain(bundle, **settings)
    assert isinstance(in_c._stream, NativeStream)
    with computing_with("numpy"):
        in_numpy = HearingChain(bundle, **settings)
        assert isinstance(in_numpy._stream, chains._NumpyStream)
    return in_c, in_numpy


def pushed(chain: HearingChain, pcm: NDArray[np.int16], sizes: Sequence[int]) -> NDArray[np.int16]:
    cuts = np.minimum(np.cumsum(np.resize(sizes, len(pcm))), len(pcm))
    parts = np.split(pcm, cuts[: int(np.searchsorted(cuts, len(pcm)))])
    return np.concatenate([*map(chain.push, parts), chain.flush()])


@pytest.mark.parametrize("sizes", [(1,), (63, 64, 65), (160,), (1000, 7, 0), (10**6,)])
def test_blocks_of_any_size_give_numpy_s_bytes(sizes: tuple[int, ...]) -> None:
    pcm = noisy_pcm(1, 0.5)
    in_c, in_numpy = pair(drawn_bundle())
    expected = pushed(in_numpy, pcm, [10**6])
    assert len(set(expected.tolist())) > 100
    assert pushed(in_c, pcm, sizes).tobytes() == expected.tobytes()


def test_the_shipped_bundle_gives_its_test_vectors() -> None:
    shipped = Bundle.load("hearing")
    in_c, _ = pair(shipped)
    assert in_c.push(shipped.vectors["pcm"]).tobytes() == shipped.vectors["enhanced"].tobytes()


@pytest.mark.parametrize("settings", [{"strength": 0.0}, {"strength": 0.37}, {"floor_db": -3.0}, {"floor_db": -60.0}])
def test_strength_and_floor_do_the_same(settings: dict[str, float]) -> None:
    pcm = noisy_pcm(2, 0.3)
    in_c, in_numpy = pair(drawn_bundle(), **settings)
    assert pushed(in_c, pcm, [160]).tobytes() == pushed(in_numpy, pcm, [160]).tobytes()


def test_changes_while_it_runs_fade_alike() -> None:
    pcm, out = noisy_pcm(3, 0.8), []
    for chain in pair(drawn_bundle(), strength=0.8):
        parts = []
        for number, block in enumerate(np.array_split(pcm, 40)):
            chain.strength, chain.bypass = (0.8, 0.1, 1.0)[number // 7 % 3], number // 5 % 2 == 1
            parts.append(chain.push(block))
        out.append(np.concatenate(parts).tobytes())
    assert out[0] == out[1]


def test_a_reset_chain_is_a_new_one_in_bypass_too() -> None:
    pcm = noisy_pcm(4, 0.2)
    for chain in pair(drawn_bundle()):
        first = pushed(chain, pcm, [160])
        chain.reset()
        assert pushed(chain, pcm, [160]).tobytes() == first.tobytes()
        chain.bypass = True
        chain.reset()
        assert np.array_equal(pushed(chain, pcm, [160])[chain.delay_samples :], pcm)


def test_samples_that_are_not_next_to_each_other() -> None:
    pcm = np.repeat(noisy_pcm(5, 0.1), 2)
    in_c, in_numpy = pair(drawn_bundle())
    assert in_c.push(pcm[::2]).tobytes() == in_numpy.push(pcm[::2].copy()).tobytes()
    with pytest.raises(ParameterError, match="int16"):
        in_c.push(pcm.astype(np.float32))


def test_streams_at_the_same_time_do_not_touch() -> None:
    sounds = [noisy_pcm(seed, 0.5) for seed in range(4)]
    expected = [pushed(pair(drawn_bundle())[1], pcm, [10**6]).tobytes() for pcm in sounds]
    with ThreadPoolExecutor(len(sounds)) as threads:
        made = threads.map(lambda pcm: pushed(HearingChain(drawn_bundle()), pcm, [64]).tobytes(), sounds)
        assert list(made) == expected


def test_a_network_of_another_size_runs_in_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        for module in (network, made_hearing):
            patched.setattr(module, "UNITS", 20)
        other = network.to_int8(DrawnModel(1))
    chain = HearingChain(drawn_bundle().replace(network=other))
    assert isinstance(chain._stream, chains._NumpyStream)
    assert len(chain.push(noisy_pcm(6, 0.1))) == 1600


def test_settings_of_the_c_are_those_of_python() -> None:
    text = (HOME / "acoustic_hearing_settings.h").read_text(encoding="utf-8").replace("\\\n", " ")
    found = dict(re.findall(r"#define ACOUSTIC_HEARING_(\w+) +(.*?) *(?:/\*.*)?$", text, re.MULTILINE))
    sizes = {
        "RATE_HZ": FRONT_END.rate_hz,
        "ANALYSIS_SAMPLES": FRONT_END.analysis_samples,
        "SYNTHESIS_SAMPLES": FRONT_END.synthesis_samples,
        "HOP_SAMPLES": FRONT_END.hop_samples,
        "DELAY_SAMPLES": FRONT_END.delay_samples,
        "UNITS": network.UNITS,
        "FADE_FRAMES": chains.FADE_FRAMES,
        "BANDS": features.N_BANDS,
        "SILENCE_STEPS": features.SILENCE,
    }
    shifts = ("FRACTION_BITS", "LEVEL_UP", "LEVEL_DOWN", "FLOOR_UP", "FLOOR_DOWN", "FEATURE_SHIFT")
    sizes |= {name: getattr(features, name) for name in shifts}
    assert {name: int(found.pop(name).strip("()")) for name in sizes} == sizes
    assert tuple(map(int, found.pop("BAND_BINS").split(","))) == features.BAND_BINS
    for name in ("LEAST_POWER", "OCTAVE_DB"):
        assert float.fromhex(found.pop(name).rstrip("f")) == getattr(features, name)
    assert found == {"BINS": "(ACOUSTIC_HEARING_ANALYSIS_SAMPLES / 2 + 1)"}
