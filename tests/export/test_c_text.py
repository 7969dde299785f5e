import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acoustic.export import c_text


@given(value=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_reads_back_with_the_same_bits(value):
    text = c_text.float32(value)
    assert text.endswith("f")
    assert any(character in text for character in ".e")  # 1f is no C
    assert np.float32(float(text[:-1])).tobytes() == np.float32(value).tobytes()


def test_arrays():
    assert (
        c_text.array("a", np.array([[1, -2], [3, 4]], np.int8))
        == "static const int8_t a[4] = {\n    1, -2, 3, 4,\n};\n"
    )
    words = c_text.array("w", np.array([0xFF, 2**31], np.uint32))
    assert "uint32_t w[2]" in words
    assert "0x000000ff, 0x80000000," in words
    long = c_text.array("l", np.arange(1000, dtype=np.int32))
    assert max(map(len, long.splitlines())) <= 120
    assert long.count(",") == 1000


def test_structures_in_structures():
    text = c_text.initialiser({"a": "1", "b": {"c": "2"}})
    assert text.split() == ["{", ".a", "=", "1,", ".b", "=", "{", ".c", "=", "2,", "},", "}"]


@pytest.mark.parametrize("line", ["*/ int x;", "/* nested", "caf\u00e9 \u2028 line", "a\x00b\nc"])
def test_a_comment_cannot_be_left(line):
    text = c_text.comment([line])
    assert text.count("*/") == 1
    assert text.count("/*") == 1
    assert text.endswith(" */\n")
    assert text.isascii()
    assert text.count("\n") == 3
