import pytest
from acoustic_apps.turbine_blade.evaluation.gate import FAULTS, SIMULATED, evaluate_gate

from acoustic.frontend.definition import FrontEnd

FRONT_END = FrontEnd(
    rate_hz=16_000, frame_samples=1024, hop_samples=512, n_fft=1024, n_mels=128, fmin_hz=0.0, fmax_hz=8_000.0
)


@pytest.mark.slow
def test_nothing_of_the_machine_is_set_aside_and_loud_nuisances_are() -> None:
    rows = list(evaluate_gate(FRONT_END, data=None, clips=10))
    machine = [row for row in rows if row.snr_db is None]
    assert len(machine) == 1 + len(FAULTS)
    assert sum(row.set_aside * row.stretches for row in machine) <= 0.01 * sum(row.stretches for row in machine)
    nuisances = [row for row in rows if row.snr_db is not None]
    assert {row.kind for row in nuisances} == set(SIMULATED)
    assert not any(row.recorded for row in rows)
    loud = [row for row in nuisances if row.kind in ("rain", "birds", "gust") and (row.snr_db or 0) >= 6]
    assert loud
    assert all(row.set_aside >= 0.8 for row in loud)
