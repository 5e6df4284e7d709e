"""The package as the laws of the house see it: parsed modules, what they import, how long they are.

`measure` is the ruler: it tells lines of code from lines of prose.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import attrs

import certsim

PACKAGE = Path(certsim.__file__).parent
REPOSITORY = Path(__file__).parents[1]
FUNCTION_LINES, FUNCTION_MEDIAN, COMPLEXITY = 40, 8, 10


@attrs.frozen
class Module:
    """Hold one file of the package: its path inside it, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module = attrs.field(repr=False, eq=False)

    @staticmethod
    def of(path: str, text: str) -> Module:
        """Return the module that *text* at *path* makes."""
        return Module(path, text, ast.parse(text))

    @property
    def name(self) -> str:
        """Return the dotted name: `certsim._engine.cms`, for a folder's first file the folder."""
        return ".".join(("certsim", *self.path.removesuffix(".py").split("/"))).removesuffix(
            ".__init__"
        )

    @property
    def room(self) -> str:
        """Return the folder below `certsim`, or the file's own name if it stands by itself."""
        return room_of(self.name)


House = tuple[Module, ...]


def room_of(name: str) -> str:
    """Return the room of the dotted module *name*; the front door's is empty."""
    return f"{name}..".split(".")[1]


@cache
def house() -> House:
    """Return the package as it stands."""
    files = sorted(PACKAGE.rglob("*.py"))
    return tuple(
        Module.of(file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8"))
        for file in files
    )


def is_inside(name: str, whole: str) -> bool:
    """Tell whether the dotted *name* is *whole* or something inside it."""
    return f"{name}.".startswith(f"{whole}.")


class Lines(NamedTuple):
    """Hold the numbers of the lines that are code, and of those that are prose."""

    code: frozenset[int]
    prose: frozenset[int]


_NO_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
)


@cache
def measure(text: str) -> Lines:
    """Sort the lines of *text*; one that is code with a comment behind it is both.

    A docstring is any string that stands as a statement, so one below a constant counts too; the
    empty lines inside it belong to it. Other blank lines are neither.
    """
    docstrings, comments, code = set(), set(), set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docstrings.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        covered = range(token.start[0], token.end[0] + 1)
        if token.type == tokenize.COMMENT:
            comments.update(covered)
        elif token.type not in _NO_CODE:
            code.update(covered)
    blank = {number for number, line in enumerate(text.splitlines(), 1) if not line.strip()}
    return Lines(frozenset(code - docstrings - blank), frozenset(docstrings | comments))


def function_sizes(rooms: House) -> Iterator[tuple[str, int]]:
    """Yield each function's place and how many lines of code it has, its signature among them."""
    for module in rooms:
        code = measure(module.text).code
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                yield f"{module.path}:{node.lineno} {node.name}", len(code.intersection(lines))
