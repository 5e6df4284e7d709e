"""How big the house is: the median function, the share of prose, and tests beside the code.

Ceilings for one function and one file are laws and stand in test_house.py.
"""

from __future__ import annotations

import statistics
import tomllib
from collections.abc import Iterable

from tests.house_kit import (
    COMPLEXITY,
    FUNCTION_MEDIAN,
    REPOSITORY,
    House,
    function_sizes,
    house,
    measure,
)

PROSE_SHARE = (0.4, 0.9)
TEST_SHARE = 1.5
DATA_ROOMS = frozenset({"facts", "interfaces"})
"""Rooms that are tables or prose by nature: the shares leave them out."""
_SAMPLE = '''"""First.

Third.
"""

LIMIT = 3  # a tail is both
"""Below a constant."""


def work(first,
         second):
    """Work."""
    # A comment.
    text = """one
    two"""

    return text
'''


def test_the_ruler_measures_a_text_counted_by_hand() -> None:
    """Docstrings, comments, code over several lines and blank lines are told apart."""
    found = measure(_SAMPLE)
    assert sorted(found.prose) == [1, 2, 3, 4, 6, 7, 12, 13]
    assert sorted(found.code) == [6, 10, 11, 14, 15, 17]


def engine_rooms() -> House:
    """Return the package without the rooms that are tables or prose by nature."""
    return tuple(module for module in house() if module.room not in DATA_ROOMS)


def total(rooms: Iterable[str]) -> tuple[int, int]:
    """Return how many lines of code, and of prose, the texts *rooms* have together."""
    found = [measure(text) for text in rooms]
    return sum(len(one.code) for one in found), sum(len(one.prose) for one in found)


def test_the_median_function_is_small() -> None:
    """Half of all functions outside the tables have no more than eight lines of code."""
    sizes = [size for _, size in function_sizes(engine_rooms())]
    assert statistics.median(sizes) <= FUNCTION_MEDIAN


def test_the_code_is_explained_but_not_drowned() -> None:
    """Docstrings and comments keep within their share of the code."""
    code, prose = total(module.text for module in engine_rooms())
    low, high = PROSE_SHARE
    assert low <= prose / code <= high


def test_tests_outweigh_the_code() -> None:
    """There is half as much again of test code as of code; tests of the tables do not count."""
    code, _ = total(module.text for module in engine_rooms())
    tests = REPOSITORY / "tests"
    texts = [
        file.read_text(encoding="utf-8")
        for file in tests.rglob("*.py")
        if file.relative_to(tests).parts[0] not in DATA_ROOMS
    ]
    assert total(texts)[0] >= TEST_SHARE * code


def test_ruff_is_asked_about_complexity() -> None:
    """The linter's ceiling is the law's, and nobody is let off."""
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    assert lint["mccabe"]["max-complexity"] <= COMPLEXITY
    assert lint["select"] == ["ALL"]
    excused = [lint["ignore"], *lint["per-file-ignores"].values()]
    assert not any(code.startswith("C9") or code == "C" for codes in excused for code in codes)
    assert not any("noqa: C901" in module.text for module in house())
