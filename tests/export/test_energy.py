"""Load, energy and the budget, against figures computed by hand."""

import json

import pytest
from typer.testing import CliRunner

from acoustic import cli
from acoustic.errors import AcousticError, ExportError, ParameterError
from acoustic.export.budget import budget_rows, instructions_of
from acoustic.export.energy import (
    CYCLES,
    MICROCONTROLLERS,
    Supply,
    battery_days,
    listening_uw,
    load,
    sustainable_duty,
)
from acoustic.export.qemu.boards import BOARDS

runner = CliRunner()
L4 = MICROCONTROLLERS["STM32L4R5"]


def test_every_target_and_microcontroller_has_its_figures():
    assert CYCLES.keys() == BOARDS.keys()
    assert {mcu.target for mcu in MICROCONTROLLERS.values()} <= BOARDS.keys()
    assert all(mcu.source for mcu in MICROCONTROLLERS.values())
    assert {name: mcu.pj_per_cycle for name, mcu in MICROCONTROLLERS.items()} == {
        "STM32L4R5": 278,
        "STM32U575": 147,
        "STM32U385": 57,
        "STM32H7A3": 460,
    }


def test_load():
    # 8 M instructions are 12 M cycles at most: 15 % of 80 MHz.
    assert load(8e6, 1.0, "cortex-m4", 80.0) == pytest.approx(0.15)


def test_listening():
    # 10 M instructions, 15 M cycles, 278 pJ each: 4170 uJ a second.
    assert listening_uw(10e6, L4, microphone_uw=500.0, sleep_uw=30.0) == pytest.approx(4170 + 530)


def test_battery():
    # 1000 mAh at 3 V are 10,800 J; a year has 31,536,000 s.
    assert Supply(battery_mah=1000, volts=3.0, days=365).mean_uw == pytest.approx(10_800e6 / 31_536_000)
    assert battery_days(1000, 3.0, 1000.0, 10.0, 1.0) == pytest.approx(10_800e6 / 1000 / 86_400)
    assert battery_days(1000, 3.0, 1000.0, 10.0, 0.0) == pytest.approx(10_800e6 / 10 / 86_400)


def test_sun_and_harvest():
    # 48 mW for 2.5 of 24 hours.
    assert Supply(solar_mw=48.0, sun_hours=2.5).mean_uw == pytest.approx(5000.0)
    assert Supply(solar_mw=48.0, sun_hours=2.5, harvest_uw=120.0).mean_uw == pytest.approx(5120.0)


def test_duty():
    assert sustainable_duty(505.0, 1000.0, 10.0) == pytest.approx(0.5)
    assert sustainable_duty(10.0, 1000.0, 10.0) == 0.0
    assert sustainable_duty(5.0, 1000.0, 10.0) == 0.0
    assert sustainable_duty(2000.0, 1000.0, 10.0) == 1.0


@pytest.mark.parametrize(
    "figures",
    [{}, {"battery_mah": -1.0}, {"battery_mah": 1.0, "days": 0.0}, {"solar_mw": 1.0, "sun_hours": 25.0}],
)
def test_supplies_that_are_none(figures):
    with pytest.raises(ParameterError):
        Supply(**figures)


class TestBudget:
    def test_rows(self):
        supply = Supply(harvest_uw=1000.0)
        (row,) = budget_rows(4e6, supply, [L4], microphone_uw=300.0, sleep_uw=32.0)
        # 6 M cycles of 278 pJ are 1668 uW.
        assert row.listening_uw == pytest.approx(2000.0)
        assert row.duty == pytest.approx((1000 - 32) / (2000 - 32))
        assert row.load == pytest.approx(6e6 / 120e6)

    def test_a_core_that_is_too_slow_listens_never(self):
        (row,) = budget_rows(100e6, Supply(harvest_uw=1e9), [L4], microphone_uw=0.0, sleep_uw=1.0)
        assert (row.load > 1, row.duty) == (True, 0.0)

    def test_cores_without_a_figure_are_left_out(self):
        rows = budget_rows(
            {"cortex-m33": 1e6}, Supply(harvest_uw=1.0), MICROCONTROLLERS.values(), microphone_uw=0.0, sleep_uw=1.0
        )
        assert [row.name for row in rows] == ["STM32U575", "STM32U385"]

    def test_of_an_exported_folder(self, tmp_path):
        rows = [{"target": "cortex-m4", "instructions_per_second": 5}, {"target": "rv32", "instructions_per_second": 7}]
        record = {"model": {"application": "roast"}, "targets": rows}
        (tmp_path / "report.json").write_text(json.dumps(record), encoding="utf-8")
        assert instructions_of(str(tmp_path), {"cortex-m4", "cortex-m7"}) == {"cortex-m4": 5.0}
        with pytest.raises(ExportError, match="no figure for cortex-m7: export again"):
            instructions_of(str(tmp_path), {"cortex-m7"})
        (tmp_path / "report.json").write_text(json.dumps(record | {"model": {"application": None}}), encoding="utf-8")
        with pytest.raises(ParameterError, match="network alone"):
            instructions_of(str(tmp_path), {"cortex-m4"})
        (tmp_path / "report.json").write_text("[]", encoding="utf-8")
        with pytest.raises(ExportError, match="not the report of an export"):
            instructions_of(str(tmp_path), {"cortex-m4"})

    def test_command(self):
        arguments = ["budget", "--instructions", "5e6", "--battery-mah", "2500", "--days", "365", "--json"]
        result = runner.invoke(cli.app, arguments)
        assert result.exit_code == 0
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert [row["name"] for row in rows] == list(MICROCONTROLLERS)
        assert rows[0]["supply_uw"] == pytest.approx(2500 * 3 * 3.6e6 / (365 * 86_400))
        table = runner.invoke(cli.app, [*arguments[:-1], "--mcu", "STM32U385"]).stdout
        assert "STM32U385" in table
        assert "STM32L4R5" not in table

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--battery-mah", "100"], "Name a bundle, or --instructions"),
            (["roast", "--instructions", "1", "--battery-mah", "100"], "one of them"),
            (["--instructions", "1"], "Name a supply"),
            (["--instructions", "1", "--harvest-uw", "1", "--mcu", "PDP11"], "no figure for PDP11"),
        ],
    )
    def test_refusals(self, arguments, message):
        result = runner.invoke(cli.app, ["budget", *arguments])
        assert isinstance(result.exception, AcousticError)
        assert message in str(result.exception)
