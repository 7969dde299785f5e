import pytest
import typer
from acoustic.options import read_speed


@pytest.mark.parametrize(("text", "speed"), [("max", 0.0), ("0", 0.0), ("1", 1.0), ("2.5", 2.5)])
def test_speed_is_a_factor_or_max(text: str, speed: float) -> None:
    assert read_speed(text) == speed


@pytest.mark.parametrize("text", ["fast", "-1", "inf", "nan", ""])
def test_other_speeds_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="or max"):
        read_speed(text)
