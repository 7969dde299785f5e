import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.turbine_blade.baselines import Baseline, Baselines
from acoustic_apps.turbine_blade.conditions import Conditions
from acoustic_apps.turbine_blade.epoch import (
    FLAGGED_SURPRISE,
    LEAST_FOR_DRIFT,
    LEAST_OWN_CLIPS,
    LEAST_RECENT,
    RECENT_CLIPS,
    Epoch,
)
from acoustic_apps.turbine_blade.learn import learn_recording
from acoustic_apps.turbine_blade.scorer.model import TurbineModel
from acoustic_apps.turbine_blade.simulate import Fault, Turbine, simulate_clip
from made_models import turbine_sound
from numpy.typing import NDArray

from acoustic.audio import write_wav
from acoustic.errors import AcousticError, DataError

NORMAL = 100
"""A surprise (steps of 1/256) that is nothing unusual."""


@pytest.fixture
def store(tmp_path: Path) -> Baselines:
    return Baselines(tmp_path / "baselines")


def vectors(seed: int, n: int, model: TurbineModel, at: int = 0) -> NDArray[np.int16]:
    mean = model.clips.head.mean
    return (mean + np.random.default_rng(seed).integers(-300, 300, (n, len(mean))) + at).astype(np.int16)


def taught(epoch: Epoch, rows: NDArray[np.int16], surprise: int | None = NORMAL, level_db: float = -20.0) -> Epoch:
    for number, row in enumerate(rows):
        epoch = epoch.learn(row, surprise, level_db + 0.01 * (number % 7), octaves=2100 + int(row[0]) % 7)
    return epoch


def uniform(seed: int, n: int) -> list[int]:
    """Surprises as normal clips give them."""
    return np.rint(-np.log10(np.random.default_rng(seed).random(n)) * 256).astype(int).tolist()


def recent(model: TurbineModel, surprises: list[int], levels_db: list[float]) -> Epoch:
    epoch = Epoch.empty(model, "x")
    rows = vectors(0, len(surprises), model)
    for row, surprise, level_db in zip(rows, surprises, levels_db, strict=True):
        epoch = epoch.learn(row, surprise, level_db)
    return epoch


class TestEpoch:
    def test_two_halves_saved_and_read_equal_the_whole(self, small_model: TurbineModel, store: Baselines) -> None:
        rows = vectors(1, 60, small_model)
        begun = store.begin("a", small_model, "installed")
        whole = taught(begun.epoch, rows)
        halves = []
        for number, part in enumerate((rows[:21], rows[21:])):
            half = taught(Epoch.empty(small_model, "half"), part)
            store.save(Baseline(machine=f"half {number}", fingerprint=small_model.fingerprint, epochs=(half,)))
            read = store.load(f"half {number}", small_model)
            assert read is not None
            halves.append(read.epoch)
        for together in (halves[0] + halves[1], halves[1] + halves[0]):
            for name in ("clips", "rotor", "level", "octaves"):
                one, two = getattr(together, name), getattr(whole, name)
                assert one.count == two.count
                assert one.total.tobytes() == two.total.tobytes()
                assert one.products.tobytes() == two.products.tobytes()
            usual, expected = (epoch.usual(small_model, "a") for epoch in (together, whole))
            assert usual.clips.mean.tobytes() == expected.clips.mean.tobytes()
            assert (usual.level_db, usual.level_sd_db) == (expected.level_db, expected.level_sd_db)
        assert (halves[0] + halves[1]).recent == whole.recent

    def test_the_first_clips_are_learnt_and_then_flagged_ones_are_not(self, small_model: TurbineModel) -> None:
        epoch = taught(Epoch.empty(small_model, "x"), vectors(2, LEAST_OWN_CLIPS, small_model), surprise=5000)
        assert (epoch.clips.count, epoch.flagged) == (LEAST_OWN_CLIPS, 0)
        flagged = taught(epoch, vectors(3, 4, small_model), surprise=FLAGGED_SURPRISE, level_db=-60.0)
        assert flagged.flagged == 4
        for name in ("clips", "level"):
            assert getattr(flagged, name) is getattr(epoch, name)
        assert len(flagged.recent) == LEAST_OWN_CLIPS + 4
        assert taught(epoch, vectors(3, 4, small_model), surprise=FLAGGED_SURPRISE - 1).clips.count == 9
        not_judged = taught(epoch, vectors(3, 4, small_model), surprise=None)
        assert (not_judged.clips.count, not_judged.flagged, not_judged.recent) == (9, 0, epoch.recent)

    def test_a_machine_is_judged_by_its_own_clips_once_there_are_five(self, small_model: TurbineModel) -> None:
        rows = vectors(4, 9, small_model, at=2000)
        few = taught(Epoch.empty(small_model, "x"), rows[:4])
        assert not few.ready
        assert few.usual(small_model, "new").clips.own_clips == 0
        assert few.usual(small_model, "turbine_01").clips is small_model.clips.machines["turbine_01"]
        enough = taught(few, rows[4:])
        assert enough.ready
        usual = enough.usual(small_model, "turbine_01")
        assert usual.clips.own_clips == 9
        head = small_model.clips.head
        assert usual.clips.mean == pytest.approx((rows.sum(axis=0, dtype=int) + head.mean) / 10, abs=0.51)
        assert usual.level_db == pytest.approx(-20 + 0.01 * 16 / 9, abs=0.003)
        assert usual.level_sd_db == 0.5

    def test_levels_that_vary_are_known_to(self, small_model: TurbineModel) -> None:
        levels = np.random.default_rng(0).normal(-30, 4, 50).tolist()
        epoch = recent(small_model, [NORMAL] * 50, levels)
        assert epoch.level_db == pytest.approx(np.mean(levels), abs=0.01)
        assert epoch.level_sd_db == pytest.approx(np.std(levels, ddof=1), abs=0.01)

    def test_only_so_many_recent_clips_are_kept(self, small_model: TurbineModel) -> None:
        epoch = recent(small_model, list(range(RECENT_CLIPS + 30)), [-20.0] * (RECENT_CLIPS + 30))
        assert [surprise for surprise, _ in epoch.recent] == list(range(30, RECENT_CLIPS + 30))
        assert len((epoch + epoch).recent) == RECENT_CLIPS

    def test_a_rotor_is_learnt_and_used_once_known(self, rotor_model: TurbineModel, small_model: TurbineModel) -> None:
        assert rotor_model.rotor is not None
        readings = np.random.default_rng(5).integers(-99, 99, (6, len(rotor_model.rotor.head.mean))).astype(np.int16)
        clips = vectors(5, 6, rotor_model)
        epoch = taught(Epoch.empty(rotor_model, "x"), clips)
        begun = epoch.usual(rotor_model, "turbine_01").rotor
        assert begun is rotor_model.rotor.expect("turbine_01")
        older = taught(Epoch.empty(small_model, "before the model judged rotors"), clips)
        for taught_clips in (epoch, older):
            heard = taught_clips
            for reading in readings:
                heard = heard.learn_rotor(reading)
            usual = heard.usual(rotor_model, "new")
            assert usual.rotor is not None
            assert usual.rotor.own_clips == 6
        assert older.usual(small_model, "new").rotor is None


class TestDrift:
    def test_normal_clips_do_not_drift(self, small_model: TurbineModel) -> None:
        rng = np.random.default_rng(0)
        found = [recent(small_model, uniform(seed, 60), rng.normal(-20, 2, 60).tolist()).drift() for seed in range(30)]
        assert found == [[]] * 30

    def test_clips_that_grow_unusual_are_told(self, small_model: TurbineModel) -> None:
        surprises = [surprise + 150 for surprise in uniform(1, 50)]
        (told,) = recent(small_model, surprises, [-20.0] * 50).drift()
        assert "latest 50 clips are more unusual" in told
        # Clips that are more usual than promised are no reason to worry.
        assert recent(small_model, [surprise // 4 for surprise in uniform(1, 50)], [-20.0] * 50).drift() == []

    @pytest.mark.parametrize("change_db", [-9.0, 9.0])
    def test_another_level_is_told(self, small_model: TurbineModel, change_db: float) -> None:
        levels = [-20.0] * 300 + [-20.0 + change_db] * RECENT_CLIPS
        epoch = recent(small_model, uniform(2, 300) + uniform(3, RECENT_CLIPS), levels)
        # A change that a quarter of all clips share is a part of what is usual.
        assert epoch.drift() == []
        before = replace(epoch, level=recent(small_model, [NORMAL] * 300, levels[:300]).level)
        (told,) = before.drift()
        assert f"{change_db:+.1f} dB against the usual level" in told

    def test_few_clips_tell_nothing(self, small_model: TurbineModel) -> None:
        for too_few in (LEAST_RECENT, LEAST_FOR_DRIFT - 1):
            assert recent(small_model, [700] * too_few, [-20.0] * too_few).drift() == []
        epoch = recent(small_model, [700] * LEAST_FOR_DRIFT, [-20.0] * LEAST_FOR_DRIFT)
        assert epoch.drift() != []
        assert replace(epoch, recent=epoch.recent[: LEAST_RECENT - 1]).drift() == []

    def test_a_name_too_long_for_a_file_is_refused(self, small_model: TurbineModel, store: Baselines) -> None:
        with pytest.raises(AcousticError, match="too long"):
            store.load("T" * 300, small_model)


class TestStore:
    def test_what_is_saved_is_read(self, small_model: TurbineModel, store: Baselines) -> None:
        assert store.load("a", small_model) is None
        assert store.machines() == []
        first = store.begin("a", small_model, "installed")
        first = first.with_epoch(replace(taught(first.epoch, vectors(1, 7, small_model)), flagged=3))
        path = store.save(first)
        second = store.begin("a", small_model, "repaired")
        second = second.with_epoch(taught(second.epoch, vectors(2, 2, small_model)))
        assert store.save(second) == path
        read = store.load("a", small_model)
        assert read is not None
        assert [(epoch.note, epoch.clips.count, epoch.flagged) for epoch in read.epochs] == [
            ("installed", 7, 3),
            ("repaired", 2, 0),
        ]
        assert read.epochs[0].recent == first.epoch.recent
        assert read.epochs[0].began == first.epoch.began
        told = read.describe()
        assert json.loads(json.dumps(told)) == told
        assert (told["machine"], told["clips"], told["ready"], told["flagged"]) == ("a", 2, False, 0)
        assert [epoch["note"] for epoch in told["epochs"]] == ["installed", "repaired"]

    def test_a_new_epoch_knows_nothing(self, small_model: TurbineModel, store: Baselines) -> None:
        epoch = store.begin("a", small_model, "installed").epoch
        assert not epoch.ready
        assert epoch.drift() == []
        assert store.begin("a", small_model, "x").describe()["level_db"] is None

    @pytest.mark.parametrize("machine", ["WEA 3", "Süd/4", "a.b.c", "..", "%41", "a%2Fb", "C:\\x", "*?", "\n", "風"])
    def test_odd_names(self, small_model: TurbineModel, store: Baselines, machine: str) -> None:
        path = store.save(store.begin(machine, small_model, "x"))
        assert path.parent == store.folder
        assert store.machines() == [machine]
        read = store.load(machine, small_model)
        assert read is not None
        assert read.machine == machine

    def test_machines_are_told_in_order_and_apart(self, small_model: TurbineModel, store: Baselines) -> None:
        for name in ("b", "a", "A1", "a 1"):
            store.save(store.begin(name, small_model, name))
        assert store.machines() == sorted(["b", "a", "A1", "a 1"])
        for name in store.machines():
            read = store.load(name, small_model)
            assert read is not None
            assert read.epoch.note == name

    def test_sums_of_another_model_are_refused(self, small_model: TurbineModel, store: Baselines) -> None:
        store.save(store.begin("a", small_model, "x"))
        other = replace(small_model, usual_shape=small_model.usual_shape + np.int16(1))
        with pytest.raises(DataError, match=r"a\.npz: was made with another model"):
            store.load("a", other)
        # Another threshold or calibration is no other model.
        assert store.load("a", replace(small_model, false_alarm_rate=0.5)) is not None

    def test_any_damage_is_told(self, small_model: TurbineModel, store: Baselines) -> None:
        path = store.save(store.begin("a", small_model, "x"))
        whole = path.read_bytes()
        for at in range(0, len(whole), max(1, len(whole) // 150)):
            for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :]):
                path.write_bytes(data)
                try:
                    read = store.load("a", small_model)
                except DataError as error:
                    told = str(error)
                else:  # only what no checksum covers: dates and flags of the archive
                    assert read is not None
                    told = f"{path}: not a baseline" if read.epoch.note == "x" else ""
                assert f"{path}: not a baseline" in told or "another model" in told

    @pytest.mark.parametrize(
        "change",
        [
            {"manifest": None},
            {"manifest": b"{"},
            {"manifest": b"[]"},
            {"manifest": b'{"machine": "a", "fingerprint": "f", "epochs": []}'},
            {"manifest": b'{"machine": "a", "fingerprint": "f", "epochs": [{}]}'},
            {"manifest": b"\xff"},
            {"manifest": b"[" * 100_000},
            {"clips_count_0": np.array(-1)},
            {"clips_total_0": np.full(320, 2**40)},
            {"octaves_total_0": np.zeros(2, np.int64)},
            {"clips_count_0": None},
            {"clips_total_0": np.zeros(3)},
            {"clips_products_0": np.zeros((2, 3), np.int64)},
            {"level_count_0": np.zeros(2, np.int64)},
        ],
        ids=str,
    )
    def test_a_part_that_does_not_fit_is_told(
        self, small_model: TurbineModel, store: Baselines, change: dict[str, object]
    ) -> None:
        path = store.save(store.begin("a", small_model, "x"))
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        for name, value in change.items():
            arrays[name] = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value  # type: ignore[assignment]
        np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
        with pytest.raises(DataError, match=r"a\.npz: not a baseline, or damaged"):
            store.load("a", small_model)

    def test_where_nothing_can_be_written_it_says_so(self, small_model: TurbineModel, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        store = Baselines(tmp_path / "file")
        with pytest.raises(AcousticError, match="cannot be written"):
            store.save(Baseline(machine="a", fingerprint="f", epochs=(Epoch.empty(small_model, "x"),)))

    def test_what_is_usual_is_by_baseline_or_by_model(self, small_model: TurbineModel, store: Baselines) -> None:
        begun = store.begin("a", small_model, "x")
        store.save(begun.with_epoch(taught(begun.epoch, vectors(1, 30, small_model))))
        assert store.usual(small_model, "a").clips.own_clips == 30
        assert store.usual(small_model, "turbine_01").clips is small_model.clips.machines["turbine_01"]
        assert [store.usual(small_model, name).clips.own_clips for name in ("b", None)] == [0, 0]


class TestRecordings:
    def learn(self, model: TurbineModel, baseline: Baseline, path: Path, pcm: NDArray[np.int16]) -> Baseline:
        write_wav(path, pcm, 16_000)
        return baseline.with_epoch(learn_recording(model, baseline, Conditions(machine=baseline.machine), path))

    def test_the_whole_first_recording_of_a_new_machine_is_learnt(
        self, small_model: TurbineModel, store: Baselines, tmp_path: Path
    ) -> None:
        """However strange it is: nothing was known yet. What follows is judged by it, and a fault is not learnt."""
        turbine = Turbine.draw(77)
        baseline = store.begin("new", small_model, "installed")
        for seed in range(3):
            pcm = simulate_clip(turbine, seed, duration_s=41.5).pcm
            baseline = self.learn(small_model, baseline, tmp_path / "x.wav", pcm)
            if not seed:
                assert (baseline.epoch.clips.count, baseline.epoch.flagged, baseline.epoch.recent) == (10, 0, ())
        assert baseline.epoch.clips.count + baseline.epoch.flagged == 30
        assert baseline.epoch.clips.count >= 24
        sick = simulate_clip(turbine, 9, duration_s=41.5, fault=Fault("whistle", 15.0)).pcm
        after = self.learn(small_model, baseline, tmp_path / "x.wav", sick)
        assert after.epoch.flagged - baseline.epoch.flagged >= 8

    def test_a_rotor_of_flagged_clips_is_not_learnt(
        self, rotor_model: TurbineModel, store: Baselines, tmp_path: Path
    ) -> None:
        baseline = store.begin("turbine_01", rotor_model, "installed")
        for seed in (1000, 1001):
            baseline = self.learn(rotor_model, baseline, tmp_path / "x.wav", turbine_sound("turbine_01", seed, 32.0))
        readings = baseline.epoch.rotor.count
        assert readings == 2
        sick = turbine_sound("turbine_01", 1002, 32.0, Fault("whistle", 15.0))
        after = self.learn(rotor_model, baseline, tmp_path / "x.wav", sick)
        assert after.epoch.flagged > baseline.epoch.flagged
        assert after.epoch.rotor.count == readings

    def test_too_short_a_recording_teaches_nothing(
        self, small_model: TurbineModel, store: Baselines, tmp_path: Path
    ) -> None:
        baseline = store.begin("a", small_model, "installed")
        after = self.learn(small_model, baseline, tmp_path / "x.wav", turbine_sound("turbine_01", 1000, 2.0))
        assert after.epoch.clips.count == 0
