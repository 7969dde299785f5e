"""The Python interface: what it takes, what it refuses, and that it says what the command line says."""

import copy
import hashlib
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import librosa
import numpy as np
import pytest
import soundfile
from acoustic_apps.roast_crack.simulate import simulate_roast
from hypothesis import given, settings
from hypothesis import strategies as st

import acoustic
from acoustic import api
from acoustic.api import Event, Model
from acoustic.application import Application, Collector, Column, Facts, Report
from acoustic.audio import Recording
from acoustic.audio.resample import to_pcm16
from acoustic.errors import AudioFileError, BundleError, MissingExtraError, ParameterError
from acoustic.frontend import EnhancementFrontEnd, FrontEnd, log_mel
from acoustic.frontend.features import features
from acoustic.frontend.stft import Stft
from acoustic.model.bundle import Bundle
from acoustic.records import About

RATE_HZ = 16000
#: Samples between two events of the tiny application.
EVERY = 1000
NETWORK = (Path(__file__).parent / "model" / "models" / "dense.tflite").read_bytes()
FRONT_END = FrontEnd(
    rate_hz=RATE_HZ, frame_samples=512, hop_samples=160, n_fft=512, n_mels=40, fmin_hz=50, fmax_hz=8000
)
SPECTRA = EnhancementFrontEnd(rate_hz=RATE_HZ, analysis_samples=256, synthesis_samples=128, hop_samples=64)
NOISE = np.random.default_rng(5).integers(-9000, 9000, (3 * RATE_HZ + 77, 2)).astype(np.int16)
ACOUSTIC = Path(sys.executable).with_name("acoustic")


# A tiny application: its result holds the very PCM that arrived.


@dataclass(frozen=True, kw_only=True)
class Options:
    gain: Annotated[float, About("Factor.", low=0.0, high=1.0)] = 0.5
    table: Annotated[Path | None, About("A file.")] = None


@dataclass(frozen=True, kw_only=True)
class Passed:
    t_s: Annotated[float, About("When.", unit="s", digits=4)]
    total: Annotated[int, About("Sum of the samples.")]


@dataclass(frozen=True, kw_only=True)
class Seen:
    file: Annotated[str, About("Recording.")]
    duration_s: Annotated[float | None, About("Length.", unit="s", digits=4)] = None
    rate_hz: Annotated[int | None, About("Its rate.")] = None
    digest: Annotated[str, About("SHA-256 of the PCM.")] = ""
    totals: Annotated[tuple[int, ...], About("Of the events.")] = ()
    gain: Annotated[float | None, About("Factor.")] = None
    warnings: Annotated[tuple[str, ...], About("Warnings.")] = ()
    error: Annotated[str | None, About("Why there is none.")] = None


class Chain:
    latency_ms = 0.0

    def __init__(self, model: str, options: Options) -> None:
        self.gain, self.pcm, self.n_told, self.n_made = options.gain, np.empty(0, np.int16), 0, 0

    def push(self, pcm: np.ndarray) -> list[Passed]:
        assert pcm.dtype == np.int16
        assert pcm.ndim == 1
        self.pcm = np.concatenate([self.pcm, pcm])
        numbers = range(self.n_told, len(self.pcm) // EVERY)
        self.n_told = len(self.pcm) // EVERY
        return [self._event(number) for number in numbers]

    def flush(self) -> list[Passed]:
        return [self._event(self.n_told)] if len(self.pcm) % EVERY else []

    def sound(self) -> np.ndarray:
        made = np.rint(self.gain * self.pcm[self.n_made :]).astype(np.int16)
        self.n_made = len(self.pcm)
        return made

    def _event(self, number: int) -> Passed:
        part = self.pcm[number * EVERY : (number + 1) * EVERY]
        return Passed(t_s=number * EVERY / RATE_HZ, total=int(part.sum(dtype=np.int64)))


class Tally(Collector[Passed, Seen]):
    def __init__(self, model: str, options: Options, chain: Chain) -> None:
        self.options, self.chain, self.totals = options, chain, []

    def start(self) -> Iterator[Report]:
        yield Report(line="a line alone is no event")
        yield Report(event="passed", record=Passed(t_s=0.0, total=0))

    def hear(self, event: Passed) -> Iterator[Report]:
        self.totals.append(event.total)
        yield Report(event="passed", record=event, line="heard")

    def result(self, facts: Facts) -> Seen:
        return Seen(
            file=facts.file,
            duration_s=facts.duration_s,
            rate_hz=facts.rate_hz,
            digest=hashlib.sha256(self.chain.pcm.tobytes()).hexdigest(),
            totals=tuple(self.totals),
            gain=self.options.gain,
            warnings=facts.warnings,
        )


def tiny(front_end: Any = FRONT_END, **changes: Any) -> Model:
    parts: dict[str, Any] = {
        "name": "tiny",
        "help": "Tiny.",
        "options": Options,
        "read": lambda bundle: bundle.name,
        "chain": Chain,
        "collect": Tally,
        "result": Seen,
        "events": {"passed": Passed},
        "stages": lambda model, arrays: {},
        "front_end": front_end,
        "columns": (
            Column(name="duration_s", kind=float),
            Column(name="rate_hz", kind=int),
            Column(name="n_events", kind=int, value=lambda row: len(row["totals"])),
            Column(name="loud", kind=bool, value=lambda row: max(row["totals"]) > 0),
        ),
    }
    bundle = Bundle(
        application="tiny",
        name="small",
        version="1",
        frontend=front_end,
        network=NETWORK,
        decision={},
        calibration={},
        vectors={},
        card="# A card\n",
    )
    return Model(application=Application(**parts | changes), bundle=bundle, typed="model")


TINY, MAKER = tiny(), tiny(makes_sound=True)


def digest_of(pcm: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(pcm, np.int16).tobytes()).hexdigest()


# What a model says of itself


def test_a_model_says_what_it_is() -> None:
    assert (TINY.name, TINY.rate_hz, TINY.front_end, TINY.card) == ("small", RATE_HZ, FRONT_END, "# A card\n")
    assert repr(TINY) == "<tiny model 'small', version 1, 16000 Hz>"


# Arrays


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x,
        lambda x: x.astype(">i2"),
        lambda x: x.astype(np.int32) << 16,
        lambda x: (x.astype(np.int64) + 32768).astype(np.uint16),
        lambda x: ((x.astype(np.int64) << 16) + (1 << 31)).astype(np.uint32),
        lambda x: (x / 32768).astype(np.float32),
        lambda x: x / 32768,
        lambda x: (x / 32768).astype(np.longdouble),
        lambda x: (x / 32768).tolist(),
        lambda x: x[:, None],
        lambda x: np.stack([x, x, x], axis=1),
        lambda x: np.asfortranarray(np.stack([x, x], axis=1) / 32768),
        lambda x: np.repeat(x, 2)[::2],
    ],
)
def test_any_type_and_layout_is_the_same_sound(convert: Any) -> None:
    pcm = NOISE[:, 0]
    result = TINY.score(convert(pcm), rate_hz=RATE_HZ)
    assert result.digest == digest_of(pcm)
    assert (result.file, result.duration_s, result.rate_hz) == ("array", len(pcm) / RATE_HZ, RATE_HZ)
    assert result.warnings == ()


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.float16])
def test_coarse_types_are_the_same_sound_but_for_rounding(dtype: type) -> None:
    eighth = (NOISE[:, 0] >> 8).astype(np.int64)
    coarse = eighth + 128 if dtype == np.uint8 else eighth / 128 if dtype == np.float16 else eighth
    assert TINY.score(coarse.astype(dtype), rate_hz=RATE_HZ).digest == digest_of(eighth * 256)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "subtype", "dtype"),
    [
        (16000, 1, "PCM_16", "int16"),
        (8000, 1, "PCM_16", "int16"),
        (44100, 2, "PCM_16", "int16"),
        (48000, 2, "PCM_32", "int32"),
        (96000, 6, "FLOAT", "float32"),
        (22050, 3, "DOUBLE", "float64"),
    ],
)
def test_an_array_gives_what_its_file_gives(
    tmp_path: Path, rate_hz: int, channels: int, subtype: str, dtype: str
) -> None:
    x = np.random.default_rng(1).uniform(-0.7, 0.7, (rate_hz, channels))
    path = tmp_path / "a.wav"
    soundfile.write(path, x, rate_hz, subtype=subtype)
    samples, _ = soundfile.read(path, dtype=dtype)
    for model in (TINY, MAKER):
        expected = model.score(path).to_dict()
        assert expected["file"] == str(path)
        assert model.score(samples, rate_hz=rate_hz).to_dict() == expected | {"file": "array"}
        assert model.score(str(path)).to_dict() == expected


X = np.zeros(8000, np.float32)


@pytest.mark.parametrize(
    ("array", "rate_hz", "sentence"),
    [
        (X, None, "does not say its sampling rate: add rate_hz, such as rate_hz=48000"),
        (X, 44.1, "Hz: 44.1 kHz is 44100"),
        (X, 10_000_000, "rate_hz must be 1000 to 768000 Hz"),
        (X, -16000, "rate_hz must be"),
        (X, 22050.5, "whole number of Hz"),
        (X, float("nan"), "number of Hz"),
        (X, True, "number of Hz"),
        (X, "16000", "number of Hz"),
        (X[:0], RATE_HZ, "no samples"),
        (np.zeros((100, 0)), RATE_HZ, "no samples"),
        (np.float32(1), RATE_HZ, r"shape \(n,\) or \(n, channels\), not \(\)"),
        (np.zeros((2, 3, 4)), RATE_HZ, r"not \(2, 3, 4\): give one recording at a time"),
        (np.zeros((2, 8000)), RATE_HZ, r"more channels than samples: give \(n, channels\), such as x.T"),
        (X.astype(np.int64), RATE_HZ, r"int64 have no agreed full scale: .*x.astype\(np.int16\).*x / 32768"),
        (X.astype(np.complex64), RATE_HZ, "complex64 are no waveform"),
        (X > 0, RATE_HZ, "not bool"),
        (np.array(["a", "b"]), RATE_HZ, "not <U1"),
        (np.array([None, 1.0]), RATE_HZ, "not object"),
        ([[1.0, 2.0], [3.0]], RATE_HZ, "cannot be read as an array"),
        (np.array([0, 0, np.nan, np.inf]), RATE_HZ, "first at index 2: .*np.nan_to_num"),
        (np.array([[0.0, 0.0], [0.0, -np.inf]]), RATE_HZ, "first at index 1"),
        (NOISE[:, 0].astype(np.float32), RATE_HZ, r"these reach \d{4}: divide .*x / 32768"),
        (np.array([0.0, -2.5]), RATE_HZ, "these reach 2.5"),
    ],
)
def test_what_is_not_clear_is_refused_with_how_to_convert_it(array: Any, rate_hz: Any, sentence: str) -> None:
    for use in (TINY.score, TINY.features, MAKER.enhance):
        with pytest.raises(ParameterError, match=sentence):
            use(array, rate_hz=rate_hz)


def test_sound_above_full_scale_is_clipped_and_said_to_be() -> None:
    x = (1.5 * np.sin(np.arange(RATE_HZ))).astype(np.float32)
    result = TINY.score(x, rate_hz=RATE_HZ)
    assert result.digest == digest_of(to_pcm16(x))
    assert any(warning.startswith("clipped") for warning in result.warnings)


def test_a_numpy_rate_is_a_rate() -> None:
    assert TINY.score(X, rate_hz=np.int32(8000)).rate_hz == 8000
    assert TINY.score(X, rate_hz=8000.0).rate_hz == 8000


def test_the_array_stays_as_it_was() -> None:
    before = NOISE.copy()
    TINY.score(NOISE, rate_hz=44100)
    MAKER.enhance(NOISE, rate_hz=44100)
    np.testing.assert_array_equal(NOISE, before)


def test_a_file_states_its_own_rate(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", X, 8000)
    with pytest.raises(ParameterError, match="leave rate_hz out"):
        TINY.score(tmp_path / "a.wav", rate_hz=8000)
    with pytest.raises(AudioFileError, match="no such file"):
        TINY.score(tmp_path / "b.wav")


# Options


def test_options_are_checked() -> None:
    assert TINY.score(X, RATE_HZ, gain=np.float64(0.25)).gain == 0.25
    assert TINY.score(X, RATE_HZ, gain=1, table="a.csv").gain == 1
    assert TINY.score(X, RATE_HZ, table=Path("a.csv")).error is None
    with pytest.raises(ParameterError, match=r"tiny has no option 'gian'. It has: gain, table."):
        TINY.score(X, RATE_HZ, gian=0.5)
    with pytest.raises(ParameterError, match="gain must be a number from 0 to 1, not 2"):
        TINY.stream(RATE_HZ, gain=2)
    with pytest.raises(ParameterError, match="table must be a text"):
        TINY.score_many([], table=3)


# Results


def test_a_result_is_its_record(tmp_path: Path) -> None:
    result = TINY.score(NOISE, rate_hz=RATE_HZ)
    assert isinstance(result.record, Seen)
    assert result.totals == result.record.totals
    assert {"digest", "totals", "to_dict"} <= set(dir(result))
    assert repr(result).startswith("Seen(file='array', duration_s=3.0048125, rate_hz=16000")
    assert "totals=<49 values>" in repr(result)
    assert result.to_dict()["duration_s"] == 3.0048
    assert json.loads(json.dumps(result.to_dict()))["totals"] == list(result.totals)
    for other in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert other == result
    with pytest.raises(AttributeError):
        _ = result.nothing


# Streams


def cut(samples: np.ndarray, sizes: list[int]) -> Iterator[np.ndarray]:
    start = 0
    while start < len(samples):
        for size in sizes:
            yield samples[start : start + size]
            start += size


@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=6).filter(any),
    st.sampled_from([8000, 16000, 44100]),
    st.sampled_from([1, 2]),
    st.sampled_from(["int16", "float32", "uint8"]),
    st.booleans(),
)
def test_a_stream_in_any_cut_is_the_recording(
    sizes: list[int], rate_hz: int, channels: int, dtype: str, makes_sound: bool
) -> None:
    model = MAKER if makes_sound else TINY
    pcm = NOISE[:, :channels] if channels > 1 else NOISE[:, 0]
    samples = {"int16": pcm, "float32": (pcm / 32768).astype(np.float32), "uint8": (pcm // 256 + 128).astype("u1")}[
        dtype
    ]
    stream = model.stream(rate_hz, channels=channels, gain=0.75)
    events, sound = [], []
    for block in cut(samples, sizes):
        events += stream.push(block)
        if makes_sound:
            sound.append(stream.sound())
    events += stream.flush()
    expected = model.score(samples, rate_hz=rate_hz, gain=0.75)
    assert stream.result().to_dict() == expected.to_dict() | {"file": "stream"}
    start, *others = events
    assert start == Event(Passed(t_s=0.0, total=0), "passed")
    assert [event.total for event in others] == list(expected.totals)
    if makes_sound:
        made = np.concatenate([*sound, stream.sound()])
        np.testing.assert_array_equal(made, model.enhance(samples, rate_hz=rate_hz, gain=0.75), strict=True)


def test_events_are_records_with_a_name() -> None:
    stream = TINY.stream(RATE_HZ)
    _, event = stream.push(np.ones(EVERY, np.int16))
    assert (event.event, event.t_s, event.total) == ("passed", 0.0, EVERY)
    assert event.to_dict() == {"event": "passed", "t_s": 0.0, "total": EVERY}
    assert repr(event) == f"Passed(t_s=0.0, total={EVERY})"
    assert pickle.loads(pickle.dumps(event)) == event


def test_a_stream_refuses_what_does_not_fit_and_goes_on() -> None:
    stream = TINY.stream(RATE_HZ, channels=2)
    for block, sentence in [
        (np.zeros(100), r"shape \(n, 2\), not \(100,\): the stream has channels=2"),
        (np.zeros((2, 100)), r"not \(2, 100\)"),
        (np.full((5, 2), np.nan), "NaN"),
        (np.full((5, 2), 100.0), "x / 32768"),
    ]:
        with pytest.raises(ParameterError, match=sentence):
            stream.push(block)
    assert len(stream.push(np.zeros((EVERY, 2)))) == 2
    assert stream.flush() == []
    assert stream.result().digest == digest_of(np.zeros(EVERY))
    for use in (stream.flush, lambda: stream.push(np.zeros((1, 2)))):
        with pytest.raises(ParameterError, match="ended: begin another"):
            use()
    with pytest.raises(ParameterError, match=r"shape \(n,\) or \(n, 1\), not \(4, 2\)"):
        TINY.stream(RATE_HZ).push(np.zeros((4, 2)))
    for channels in (0, True, 1.5, "2"):
        with pytest.raises(ParameterError, match="channels must be"):
            TINY.stream(RATE_HZ, channels=channels)
    with pytest.raises(ParameterError, match="44100"):
        TINY.stream(44.1)


def test_a_stream_without_a_sample_ends() -> None:
    stream = MAKER.stream(44100, channels=2)
    assert len(stream.flush()) == 1
    assert stream.sound().shape == (0, 2)
    assert stream.result().duration_s == 0


def test_listening_yields_events_until_the_loop_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Microphone:
        closed = False

        def __init__(self, device: Any, rate_hz: int, block_samples: int) -> None:
            assert (device, rate_hz, block_samples) == ("my microphone", RATE_HZ, RATE_HZ // 10)
            self.n_samples = block_samples

        def __enter__(self) -> "Microphone":
            return self

        def __exit__(self, *_: object) -> None:
            Microphone.closed = True

        def __iter__(self) -> Iterator[np.ndarray]:
            while True:
                yield np.ones(self.n_samples, np.int16)

    monkeypatch.setattr(api, "Microphone", Microphone)
    events = TINY.listen("my microphone")
    assert [next(events).total for _ in range(3)] == [0, EVERY, EVERY]
    events.close()
    assert Microphone.closed


# Sound made


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", ">i2", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(8001,), (8001, 1), (8001, 2)])
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 44100])
def test_enhanced_sound_is_of_the_type_and_shape_that_came(dtype: str, shape: tuple[int, ...], rate_hz: int) -> None:
    pcm = NOISE[: shape[0], : (*shape, 1)[1]].reshape(shape)
    kind = np.dtype(dtype)
    scale = 1.0 if kind.kind == "f" else 2.0 ** (8 * kind.itemsize - 1)
    samples = (np.rint(pcm / 32768 * scale) + (scale if kind.kind == "u" else 0)).astype(kind)
    made = MAKER.enhance(samples, rate_hz=rate_hz, gain=0.5)
    assert (made.dtype, made.shape) == (kind, shape)
    level = (made.astype(float) - (scale if kind.kind == "u" else 0)) / scale
    error = level - 0.5 * pcm / 32768
    if rate_hz == RATE_HZ:
        assert np.abs(error).max() <= 1.5 / min(scale, 32768 if kind.kind != "f" else 32768)


def test_only_what_makes_sound_enhances() -> None:
    with pytest.raises(ParameterError, match="tiny makes no sound"):
        TINY.enhance(X, RATE_HZ)
    with pytest.raises(ParameterError, match="tiny makes no sound"):
        TINY.stream(RATE_HZ).sound()


# Features


@pytest.mark.parametrize("mel", ["slaney", "htk"])
def test_features_are_those_of_librosa(mel: str) -> None:
    fe = FrontEnd(
        rate_hz=RATE_HZ,
        frame_samples=400,
        hop_samples=160,
        n_fft=512,
        n_mels=40,
        fmin_hz=100,
        fmax_hz=7600,
        mel_scale=mel,
    )
    x = NOISE[:, 0] / np.float32(32768)
    found = tiny(fe).features(x, rate_hz=RATE_HZ)
    # librosa frames start with the FFT, ours with the window.
    padded = np.pad(x, (56, 56))
    spectrogram = librosa.feature.melspectrogram(
        y=padded,
        sr=RATE_HZ,
        n_fft=512,
        win_length=400,
        hop_length=160,
        center=False,
        n_mels=40,
        fmin=100,
        fmax=7600,
        htk=mel == "htk",
    )
    expected = librosa.power_to_db(spectrogram, top_db=None).T
    assert found.values.dtype == np.float32
    assert found.values.shape == (fe.n_frames(len(x)), 40)
    np.testing.assert_allclose(found.values, expected[: len(found.values)], atol=1e-3)
    np.testing.assert_allclose(found.times_s, [fe.frame_centre_s(k) for k in range(len(found.values))])
    mels = librosa.mel_frequencies(42, fmin=100, fmax=7600, htk=mel == "htk")
    np.testing.assert_allclose(found.frequencies_hz, mels[1:-1])
    assert repr(found) == f"Features(298 frames to 2.983 s, 40 bands of {mels[1]:.0f} to {mels[-2]:.0f} Hz)"


def test_features_of_spectra_follow_a_tone() -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    x = np.where(t < 0.5, 0.0, np.sin(2 * np.pi * 2000 * t)).astype(np.float32)
    found = tiny(SPECTRA).features(x, rate_hz=RATE_HZ)
    n_frames = RATE_HZ // SPECTRA.hop_samples
    assert found.values.shape == (n_frames, 129)
    assert found.frequencies_hz[found.values[-1].argmax()] == 2000
    loud = found.values[:, 32] > found.values[-1, 32] - 6
    assert found.times_s[loud][0] == pytest.approx(0.5, abs=0.008)
    re, im = Stft(SPECTRA.windows).push(to_pcm16(x))
    np.testing.assert_allclose(found.values, 10 * np.log10(np.maximum(re * re + im * im, 1e-10)), atol=1e-4)


def test_features_of_a_file_or_of_an_array(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, 44100)
    pcm = Recording(tmp_path / "a.wav").read(RATE_HZ)
    for found in (TINY.features(tmp_path / "a.wav"), TINY.features(NOISE, rate_hz=44100)):
        np.testing.assert_array_equal(found.values, log_mel(pcm, FRONT_END))
    short = features(pcm[:100], FRONT_END)
    assert short.values.shape == (0, 40)
    assert "no sound" in repr(short)


# Many recordings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b", "a"):
        soundfile.write(tmp_path / f"{name}.wav", NOISE, RATE_HZ)
    (tmp_path / "c.wav").write_bytes(b"no sound")
    return tmp_path


def test_many_recordings_give_a_row_each(folder: Path) -> None:
    rows = list(TINY.score_many(folder, gain=0.25))
    assert [Path(row["file"]).name for row in rows] == ["a.wav", "b.wav", "c.wav"]
    assert rows[0] == TINY.score(folder / "a.wav", gain=0.25).to_dict()
    assert rows[1]["error"] is None
    assert "not a sound file" in rows[2]["error"]
    assert list(TINY.score_many([folder / "b.wav", str(folder / "a.wav")], gain=0.25)) == rows[1::-1]
    assert list(TINY.score_many([])) == []
    with pytest.raises(ParameterError, match="jobs must be at least 1"):
        TINY.score_many(folder, jobs=0)


COLUMNS = ["file", "duration_s", "rate_hz", "n_events", "loud", "error", "started", "started_from"]


def test_rows_become_tables(folder: Path) -> None:
    rows = [TINY.score(NOISE, RATE_HZ), *TINY.score_many(folder)]
    table = TINY.to_arrow(rows)
    assert table.column_names == [
        "file",
        "duration_s",
        "rate_hz",
        "n_events",
        "loud",
        "error",
        "started",
        "started_from",
    ]
    assert table["n_events"].to_pylist() == [49, 49, 49, None]
    assert table["loud"].to_pylist() == [True, True, True, None]


def test_rows_become_a_pandas_table(folder: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = TINY.to_pandas([TINY.score(NOISE, RATE_HZ), *TINY.score_many(folder)])
    assert list(table) == COLUMNS
    assert list(map(str, table.dtypes[1:5])) == ["float64", "Int64", "Int64", "boolean"]
    assert table["duration_s"].mean() == pytest.approx(3.0048)
    assert table["error"].notna().sum() == 1
    assert pandas.isna(table["n_events"][3])
    assert list(TINY.to_pandas([])) == list(table)


@pytest.mark.parametrize(("package", "method"), [("pandas", "to_pandas"), ("pyarrow", "to_arrow")])
def test_a_table_whose_package_is_missing(monkeypatch: pytest.MonkeyPatch, package: str, method: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=f"pip install {package}"):
        getattr(TINY, method)([])


# Pictures


def test_an_application_without_pictures_says_so() -> None:
    with pytest.raises(ParameterError, match="tiny draws no pictures"):
        TINY.picture(X, RATE_HZ)


# The shipped models


def sound_of(name: str) -> tuple[np.ndarray, int]:
    """Noise with clicks, for roast with cracks, in two channels, at a rate that no model has."""
    rng, rate_hz = np.random.default_rng(7), 44100
    if name == "roast":
        roast = simulate_roast(6, duration_s=30.0, first_crack=True, rate_hz=rate_hz)
        return np.stack([roast.pcm, roast.pcm], axis=1) / 32768, rate_hz
    x = 0.01 * rng.standard_normal((12 * rate_hz, 2))
    decay = np.exp(-np.arange(400) / 60.0)
    for start in rng.integers(0, len(x) - 400, 60):
        x[start : start + 400] += 0.4 * rng.standard_normal((400, 1)) * decay[:, None]
    return np.clip(x, -1, 1), rate_hz


@pytest.fixture(scope="module", params=["hearing", "roast", "turbine"])
def shipped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path, Path]:
    """A shipped model, a recording, and a folder for results."""
    folder = tmp_path_factory.mktemp(request.param)
    samples, rate_hz = sound_of(request.param)
    soundfile.write(folder / "sound.wav", samples, rate_hz, subtype="PCM_16")
    return acoustic.load(request.param), folder / "sound.wav", folder


def command_line(*words: str | Path) -> list[dict[str, Any]]:
    ran = subprocess.run([ACOUSTIC, *words, "--json"], capture_output=True, text=True, check=True, timeout=120)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what was measured of the computer."""
    return {name: value for name, value in row.items() if name not in ("rtf", "file", "event")}


def test_results_are_those_of_the_command_line(shipped: tuple[Model, Path, Path]) -> None:
    model, path, _ = shipped
    [row] = command_line(model.name, "score", path)
    result = model.score(path)
    assert timeless(result.to_dict()) == timeless(row)
    assert result.to_dict().keys() == row.keys()
    assert result.file == row["file"]
    [many] = model.score_many(path)
    assert timeless(many) == timeless(row)
    samples, rate_hz = soundfile.read(path)
    assert timeless(model.score(samples, rate_hz).to_dict()) == timeless(row)


def test_events_are_those_of_the_command_line(shipped: tuple[Model, Path, Path]) -> None:
    model, path, folder = shipped
    makes_sound = model.application.makes_sound
    output = ("--output", folder / "heard.wav") if makes_sound else ()
    lines = command_line(model.name, "listen", "--input", path, "--speed", "max", *output)
    heard = [line for line in lines if line["event"] not in ("start", "health", "trouble", "summary")]
    samples, rate_hz = soundfile.read(path, dtype="int16")
    stream, events = model.stream(rate_hz, channels=2), []
    for block in cut(samples, [1764, 99, 40000]):
        events += stream.push(block)
    events += stream.flush()
    assert [event.to_dict() for event in events] == heard
    assert bool(heard) is not makes_sound
    if not makes_sound:  # it hears the mean of the channels, live
        assert timeless(stream.result().to_dict()) == timeless(lines[-1])


def test_sound_is_that_of_the_command_line(tmp_path: Path) -> None:
    model = acoustic.load("hearing")
    samples, rate_hz = sound_of("hearing")
    soundfile.write(tmp_path / "in.wav", samples, rate_hz, subtype="PCM_16")
    command_line("hearing", "enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--strength", "0.8")
    pcm = soundfile.read(tmp_path / "in.wav", dtype="int16")[0]
    expected = soundfile.read(tmp_path / "out.wav", dtype="int16")[0]
    np.testing.assert_array_equal(model.enhance(pcm, rate_hz, strength=0.8), expected, strict=True)
    np.testing.assert_array_equal(model.enhance(pcm / 32768, rate_hz, strength=0.8), expected / 32768, strict=True)


def test_a_picture_is_a_figure_that_a_notebook_shows(shipped: tuple[Model, Path, Path]) -> None:
    model, path, folder = shipped
    figure = model.picture(path)
    png = figure._repr_png_()
    assert png.startswith(b"\x89PNG")
    figure.savefig(folder / "sound.svg")
    command_line(model.name, "score", path, "--plot", folder / "pictures")
    if not model.application.makes_sound:  # its title tells no time of work
        assert (folder / "pictures" / "sound.png").read_bytes() == png


def test_what_a_shipped_model_hears(shipped: tuple[Model, Path, Path]) -> None:
    model, path, _ = shipped
    found = model.features(path)
    assert found.values.shape == (len(found.times_s), len(found.frequencies_hz))
    assert np.isfinite(found.values).all()
    assert (np.diff(found.times_s) > 0).all()
    assert (np.diff(found.frequencies_hz) > 0).all()
    assert found.times_s[-1] == pytest.approx(Recording(path).duration_s, abs=0.1)


@pytest.mark.slow
def test_several_processes_give_the_same_rows(tmp_path: Path) -> None:
    samples, rate_hz = sound_of("roast")
    for number in range(4):
        soundfile.write(tmp_path / f"{number}.wav", samples[number * 9999 :], rate_hz)
    model = acoustic.load("roast")
    assert list(model.score_many(tmp_path, jobs=2)) == list(model.score_many(tmp_path))


def test_loading(tmp_path: Path) -> None:
    assert acoustic.list_models() == ["hearing", "roast", "turbine"]
    acoustic.load("roast").bundle.save(tmp_path / "mine.bundle")
    for path in (tmp_path / "mine.bundle", str(tmp_path / "mine.bundle")):
        assert acoustic.load(path).sha256 == acoustic.load("roast").sha256
    with pytest.raises(BundleError, match=r"shipped: hearing, roast, turbine"):
        acoustic.load("roats")
    TINY.bundle.save(tmp_path / "tiny.bundle")
    with pytest.raises(BundleError, match="not installed"):
        acoustic.load(tmp_path / "tiny.bundle")


# The package


def test_every_public_name_is_there() -> None:
    assert len(acoustic.__all__) <= 15
    for name in acoustic.__all__:
        assert getattr(acoustic, name).__doc__
    assert set(dir(acoustic)) == set(acoustic.__all__)
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = acoustic.laod
    assert set(acoustic._HOMES) == set(acoustic.__all__) - {"__version__"}


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import acoustic", {"numpy", "typer", "rich", "soundfile", "scipy", "matplotlib", "pandas", "sounddevice"}),
        ("import acoustic; acoustic.load('roast')", {"typer", "rich", "soundfile", "soxr", "matplotlib", "pandas"}),
    ],
)
def test_importing_it_stays_light(statement: str, unwanted: set[str]) -> None:
    code = f"import sys; {statement}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = ran.stdout.split()
    assert "acoustic" in modules
    assert not unwanted & set(modules)
