"""How rows in memory answer a question: filtered and sorted by Python, one after another.

What is asked of a row is a reader, which takes a column's name and returns the value; of each row
no more is read than the question needs.
Source: docs/rulings.md (Views).
"""

from __future__ import annotations

import operator
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from certsim.database.rows import Value
from certsim.database.shelf import Answer, Condition, Question
from certsim.facts.views import SeekOperator

Reader = Callable[[str], Value | None]

_COMPARE: Mapping[SeekOperator, Callable[..., bool]] = {
    SeekOperator.EQ: operator.eq,
    SeekOperator.LT: operator.lt,
    SeekOperator.LE: operator.le,
    SeekOperator.GT: operator.gt,
    SeekOperator.GE: operator.ge,
}
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def answer(question: Question, readers: Iterable[Reader]) -> Iterator[Answer]:
    """Yield the answer; *readers* go through the table's rows in the order of their ids."""
    tests = [_test(condition) for condition in question.conditions]
    found: Iterable[Reader] = (read for read in readers if all(test(read) for test in tests))
    if question.order_by is not None:
        rank = partial(_rank, question.order_by)
        found = sorted(found, key=rank, reverse=question.descending)
    for read in found:
        yield tuple(map(read, question.columns))


def _test(condition: Condition) -> Callable[[Reader], bool]:
    """Return what tells whether a row has a value in the column and it compares as it should."""
    column, sign, wanted = condition
    compare, wanted = _COMPARE[sign], _folded(wanted)

    def passes(read: Reader) -> bool:
        value = read(column)
        return value is not None and compare(_folded(value), wanted)

    return passes


def _rank(column: str, read: Reader) -> tuple[bool, Value | None]:
    """Return what a row is sorted by: no value stands below every value."""
    value = read(column)
    return value is not None, None if value is None else _folded(value)


def _folded(value: Value) -> Value:
    """Return text as it is compared: the letters A to Z small, everything else as it is."""
    return value.translate(_LOWER) if isinstance(value, str) else value
