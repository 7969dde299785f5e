"""What becomes of recordings that cannot be trained on."""

from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.turbine_blade.gate import SetAside
from acoustic_apps.turbine_blade.scorer.features import FRONT_END
from acoustic_apps.turbine_blade.summarise import Summary
from acoustic_apps.turbine_blade.train import _clip_stretches, _clipless

from acoustic.errors import ParameterError


def summary(n_clips: int, *reasons: str) -> Summary:
    aside = tuple(SetAside(start_s=0.0, end_s=1.0, reason=reason) for reason in reasons)
    clips = np.zeros((n_clips, 4), np.int64)
    return Summary(clips=clips, stretches=clips, rotor=None, duration_s=4.0, set_aside=aside)


def test_recordings_that_give_no_clip_are_named_with_the_reason() -> None:
    summaries = {
        Path("a.wav"): summary(2, "silence"),
        Path("b.wav"): summary(0, "silence", "clipping", "silence"),
        Path("c.wav"): summary(0),
    }
    assert _clipless(summaries) == {
        Path("b.wav"): "gives no clip: clipping, silence",
        Path("c.wav"): "gives no clip: too short",
    }


def test_recordings_of_a_second_are_refused_with_what_to_do() -> None:
    with pytest.raises(ParameterError, match=r"half of these last 1\.0 s or less: join those of one session"):
        _clip_stretches(FRONT_END, [1.0] * 5, None)
