"""What a person at the roaster marks and sees."""

from dataclasses import replace

import numpy as np
import pytest
from acoustic_apps.roast_crack.chain import Crack, RoastChain
from acoustic_apps.roast_crack.collector import RoastCollector
from acoustic_apps.roast_crack.decision import FirstCrack, FirstCrackEnd
from acoustic_apps.roast_crack.picture import spectrum
from made_roasts import PLAIN, plain_model

from acoustic.application import Facts
from acoustic.frontend import log_mel

FIRST = FirstCrack(onset_s=500.0, decided_s=510.0, first_pop_s=495.0, cracks=5, confidence=0.75)


def collector(charge_s: float | None = None) -> tuple[RoastCollector, RoastChain]:
    chain = RoastChain(plain_model(), charge_s)
    return RoastCollector(PLAIN, charge_s, chain), chain


def shown(roast: RoastCollector, now_s: float) -> dict[str, str]:
    return {
        name: "".join(part if isinstance(part, str) else part[0] for part in parts)
        for name, parts in roast.panel(now_s).items()
    }


def test_the_panel_before_charge() -> None:
    roast, _ = collector()
    for t_s in (1.0, 80.0, 95.0):
        roast.hear(Crack(t_s=t_s, score=0.9, decided_s=t_s + 0.08))
    assert shown(roast, 100.0) == {
        "time": "1:40 since the start",
        "cracks": "4 a minute   3 heard",
        "first crack": "waiting",
        "development": "-",
    }
    assert not roast.alarmed
    roast.hear(FIRST)
    assert roast.alarmed
    assert shown(roast, 530.0)["development"] == "0:30   press c at charge for the ratio"


def test_times_count_from_charge_and_stand_still_after_drop() -> None:
    roast, _ = collector()
    [charge] = roast.press("c", 100.0)
    assert charge.to_dict() == {"event": "charge", "t_s": 100.0}
    [alert] = roast.hear(FIRST)
    assert alert.alert
    assert alert.line.startswith("FIRST CRACK at 6:40, decided at 6:50")
    [over] = roast.hear(FirstCrackEnd(end_s=560.0, decided_s=570.0))
    assert over.line == "First crack was over at 7:40"
    assert shown(roast, 600.0)["development"] == "1:40   DTR 20.0%"
    roast.press("d", 600.0)
    assert shown(roast, 900.0) == {
        "time": "8:20 since charge, dropped",
        "cracks": "0 a minute   0 heard",
        "first crack": "6:40   confidence 0.75, over at 7:40",
        "development": "1:40   DTR 20.0%",
    }
    row = roast.result(Facts(file="a.wav", duration_s=900.0, rate_hz=32_000))
    assert (row.charge_s, row.drop_s, row.first_crack) == (
        100.0,
        600.0,
        replace(FIRST, end_s=560.0),
    )


def test_every_mark_can_be_taken_back() -> None:
    roast, chain = collector(charge_s=-5.0)
    [charge] = roast.start()
    assert charge.to_dict() == {"event": "charge", "t_s": -5.0}
    before = chain.decision
    roast.hear(FIRST)
    roast.press("d", 520.0)
    assert chain.decision is before
    undone = [roast.press("u", 530.0) for _ in range(4)]
    records = [report.to_dict() for [report] in undone]
    assert [record and record["undone"] for record in records] == ["drop", "first_crack", "charge", None]
    assert [report.line for [report] in undone][1:] == [
        "taken back: first crack",
        "taken back: charge",
        "nothing to undo",
    ]
    assert roast.panel(540.0)["first crack"] == [("waiting", "dim")]
    assert roast.result(Facts(file="a", duration_s=540.0, rate_hz=32_000)).charge_s is None
    # The chain decides as if nothing had ever been marked.
    assert chain.decision._charge_ms is None
    assert not chain.decision._dropped


def test_other_keys_do_nothing() -> None:
    roast, _ = collector()
    assert list(roast.press("x", 1.0)) == []


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000, 384_000])
def test_pictures_of_any_rate(rate_hz: int) -> None:
    front_end = spectrum(rate_hz)
    noise = np.random.default_rng(0).normal(0, 1000, 2 * front_end.frame_samples).astype(np.int16)
    levels = log_mel(noise, front_end)
    # Every band holds something.
    assert levels.shape == (3, 64)
    assert levels.min() > -80.0
