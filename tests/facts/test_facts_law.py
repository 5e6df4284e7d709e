"""The law of the ground floor: no function, no branch, light imports, a source on every row."""

import ast
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

import certsim.facts
from certsim.facts.basis import Basis

FOLDER: Final = Path(certsim.facts.__path__[0])
MODULES: Final = sorted(path.stem for path in FOLDER.glob("*.py"))
FORBIDDEN: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.If,
    ast.IfExp,
    ast.Match,
    ast.For,
    ast.While,
    ast.Try,
)
LIGHT: Final = {"__future__", "attrs", "collections.abc", "enum", "types", "typing"}


def tree(module: str) -> ast.Module:
    """Parse one module of the floor."""
    return ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))


def imported(module: str) -> Iterator[str]:
    """Yield the dotted names that a module imports from."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {module}"
            yield str(node.module)


def rows(module: str) -> Iterator[object]:
    """Yield the members of every public table or mapping of a module that hold a basis."""
    content = vars(importlib.import_module(f"certsim.facts.{module}"))
    for name, value in content.items():
        if name.isupper() and isinstance(value, tuple | Mapping) and not hasattr(value, "_fields"):
            members = value.values() if isinstance(value, Mapping) else value
            yield from (row for row in members if hasattr(row, "basis"))


def test_the_floor_has_the_rooms_others_import() -> None:
    """The names that the other floors build upon exist."""
    wanted = {"basis", "dispositions", "events", "flags", "hresults", "oids", "properties"}
    assert wanted | {"schema"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_no_function_and_no_branch(module: str) -> None:
    """Facts are data: a syntax tree holds no definition of a function and no choice."""
    offenders = [
        (type(node).__name__, node.lineno)
        for node in ast.walk(tree(module))
        if isinstance(node, FORBIDDEN)
    ]
    assert offenders == []


@pytest.mark.parametrize("module", MODULES)
def test_comprehensions_choose_nothing(module: str) -> None:
    """A comprehension may index a table, but not pick from it."""
    chosen = [
        node for node in ast.walk(tree(module)) if isinstance(node, ast.comprehension) and node.ifs
    ]
    assert chosen == []


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_light(module: str) -> None:
    """A module of the floor imports its neighbours and what costs nothing."""
    heavy = {
        name
        for name in imported(module)
        if name not in LIGHT and not name.startswith("certsim.facts.")
    }
    assert heavy == set()


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module: str) -> None:
    """The docstring of a module has a first sentence and more to say."""
    text = ast.get_docstring(tree(module)) or ""
    assert len(text.splitlines()) > 1


@pytest.mark.parametrize("module", MODULES)
def test_every_row_names_source_and_basis(module: str) -> None:
    """No fact without its origin and its grade."""
    for row in rows(module):
        source = getattr(row, "source", "")
        assert isinstance(source, str), row
        assert source.strip() == source != "", row
        assert isinstance(getattr(row, "basis", None), Basis), row


@pytest.mark.parametrize(
    ("module", "at_least"),
    [
        ("events", 10),
        ("dispositions", 44),
        ("properties", 127),
        ("schema", 103),
        ("hresults", 250),
        ("oids", 40),
        ("registry", 41),
        ("views", 8),
        ("audit", 33),
        ("access", 15),
    ],
)
def test_the_row_walker_sees_the_tables(module: str, at_least: int) -> None:
    """The walk of the test above is not empty: it meets the rows that were counted by hand."""
    assert sum(1 for _ in rows(module)) >= at_least


@pytest.mark.parametrize("module", MODULES)
def test_every_row_says_what_it_means(module: str) -> None:
    """Where a row has a meaning it is a phrase, not a blank."""
    blank = [row for row in rows(module) if getattr(row, "meaning", "set").strip() == ""]
    assert blank == []


def test_the_grades_are_the_five_of_the_design() -> None:
    """The scale has five steps, strongest first, printed in lower case."""
    assert [str(grade) for grade in Basis] == [
        "documented",
        "header",
        "sample",
        "observed",
        "assumed",
    ]
