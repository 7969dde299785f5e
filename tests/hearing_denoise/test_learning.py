from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustic_apps.hearing_denoise import learning, network
from acoustic_apps.hearing_denoise.features import FRONT_END, layout_of
from acoustic_apps.hearing_denoise.float_network import FloatMaskNetwork
from acoustic_apps.hearing_denoise.learning import Schedule, learn
from acoustic_apps.hearing_denoise.mixtures.pool import features_of
from made_hearing import noisy_pcm, syllables

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

FRAMES, CHUNK = 40, 20


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two files of four short stretches."""
    monkeypatch.setattr(learning, "STRETCH_FRAMES", FRAMES)
    monkeypatch.setattr(learning, "PER_FILE", 4)
    monkeypatch.setattr(learning, "KEEP_EVERY_S", 0.0)
    paths = []
    for number in range(2):
        seeds, length = range(4 * number, 4 * number + 4), FRAMES * 64
        noisy = np.stack([noisy_pcm(seed, 0.5)[-length:] for seed in seeds])
        target = np.stack([np.rint(syllables(seed, 0.5)[-length:] * 32767).astype(np.int16) for seed in seeds])
        paths.append(tmp_path / f"mixtures_{number}.npz")
        np.savez(paths[-1], noisy=noisy, target=target, features=features_of(noisy, FRONT_END))
    return paths


def weights(model: Any) -> list[Any]:
    return [np.asarray(value) for value in model.trainable_variables]


def test_the_gradient_is_that_of_the_loop_step_by_step() -> None:
    import tensorflow as tf
    from acoustic_apps.hearing_denoise.recurrence import _recur

    rng = np.random.default_rng(0)
    units, n_frames, batch = 4, 7, 3
    arrays = [
        tf.constant(rng.standard_normal(shape).astype(np.float32) * 0.5)
        for shape in ((n_frames, batch, 2 * units), (units, 2 * units), (batch, units))
    ]
    wanted = tf.constant(rng.standard_normal((n_frames, batch, units)).astype(np.float32))

    def plain(inputs: Any, kernel: Any, state: Any) -> Any:
        states, h = [], state
        for t in range(n_frames):
            sums = inputs[t] + h @ kernel
            keep, new = tf.sigmoid(sums[:, :units]), tf.tanh(sums[:, units:])
            h = keep * h + (new - keep * new)
            states.append(h)
        return tf.stack(states)

    found = []
    for run in (plain, _recur):
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            total = tf.reduce_sum(run(*arrays) * wanted)
        found.append(tape.gradient(total, arrays))
    for exact, rounded in zip(*found, strict=True):
        # The rounded layer sees states that are half a step off.
        assert np.abs(exact - rounded).max() < 0.05 * np.abs(exact).max() + 0.01


def test_what_training_runs_is_the_network_but_for_rounding() -> None:
    import tensorflow as tf
    from acoustic_apps.hearing_denoise.recurrence import unroll

    model = network.build(3, layout_of(FRONT_END))
    features = np.random.default_rng(1).integers(-60, 60, (12, 2, layout_of(FRONT_END).n_features)).astype(np.int8)
    zeros = [tf.zeros((2, network.UNITS))] * 2
    gains, _ = unroll(model, tf.constant(features.astype(np.float32) / 64), zeros)
    exact = FloatMaskNetwork.of(model).gains(features)
    assert np.abs(gains.numpy() - exact).mean() < 0.01


def test_learning_lowers_the_loss(pool: list[Path], tmp_path: Path) -> None:
    learn(
        pool,
        tmp_path / "kept.npz",
        1,
        Schedule(n_steps=120, batch=4, chunk_frames=CHUNK, per_opinion=0.05),
        lambda steps: None,
        FRONT_END,
    )
    with np.load(tmp_path / "kept.npz") as kept:
        losses = kept["losses"]
    assert len(losses) == 120
    assert losses[-12:].mean() < losses[:4].mean() - 0.05


def test_an_interrupted_training_ends_as_an_uninterrupted_one(pool: list[Path], tmp_path: Path) -> None:
    schedule = Schedule(n_steps=12, batch=4, chunk_frames=CHUNK)
    whole = learn(pool, tmp_path / "whole.npz", 1, schedule, lambda steps: None, FRONT_END)
    done: list[float] = []

    def advance(steps: float) -> None:
        done.append(steps)
        if sum(done) == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(pool, tmp_path / "cut.npz", 1, schedule, advance, FRONT_END)
    done.clear()
    again = learn(pool, tmp_path / "cut.npz", 1, schedule, lambda steps: done.append(steps), FRONT_END)
    assert done[0] == 6  # three stretches of two chunks were kept
    assert sum(done) == 12
    for one, other in zip(weights(whole), weights(again), strict=True):
        assert np.array_equal(one, other)


def test_a_second_round_starts_where_the_first_ended(pool: list[Path], tmp_path: Path) -> None:
    schedule = Schedule(n_steps=2, batch=4, chunk_frames=CHUNK)
    first = learn(pool, tmp_path / "first.npz", 1, schedule, lambda steps: None, FRONT_END)
    before = weights(first)
    # The first step of a rate of 0.004 is a two hundredth of that.
    after = weights(learn(pool, tmp_path / "second.npz", 1, schedule, lambda steps: None, FRONT_END, start=first))
    far = max(np.abs(one - other).max() for one, other in zip(before, after, strict=True))
    assert 0 < far < 1e-3


def test_the_rate_rises_and_falls() -> None:
    rates = [Schedule(n_steps=1000).rate_at(step) for step in range(1000)]
    assert rates.index(max(rates)) == pytest.approx(200, abs=20)
    assert rates[0] < 1e-4 > rates[-1] > 0
