"""The laws of the house, held against the code: `CONTRIBUTING.md` states them, this file reads it.

A law is a function that takes the package as parsed modules and returns the offences it finds, one
line each. Every law is tried twice: on the package, where it finds nothing, and on the package with
one line planted in it, where it finds that line. That facts are data is held by `tests/facts`; how
tangled a function may be is ruff's business, here it is only made sure that ruff is asked.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import resolve_name

import pytest

from tests.house_kit import (
    FUNCTION_LINES,
    REPOSITORY,
    House,
    Module,
    function_sizes,
    house,
    is_inside,
    room_of,
)

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"facts", "sources", "_version"}),
    frozenset({"errors"}),  # a step below its neighbours, since every one of them raises
    frozenset({"files", "regfile"}),
    frozenset({"locks"}),
    frozenset({"interfaces", "activation", "registry", "database"}),
    frozenset({"policies", "exits"}),
    frozenset({"_engine"}),
    frozenset({"verbs"}),
    frozenset({"ca", "com"}),
    frozenset({""}),  # the front door, certsim/__init__.py
    frozenset({"cli", "testing", "strategies", "report", "trace", "windows"}),
    frozenset({"__main__", "pytest_plugin"}),
)
"""The rooms of each floor, lowest first: a folder, or a file that stands by itself."""
GUESTS = frozenset({"policies", "exits"})
OPEN_TO_GUESTS = frozenset({"interfaces", "facts", "errors", "activation", "registry"})
THROUGH_THE_WINDOW = (
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time",
    "os.urandom",
    "os.getrandom",
    "random",
    "secrets",
    "uuid.uuid1",
    "uuid.uuid4",
)
"""What only `sources.py` may name: the clock and chance, with all that is inside each."""
MAKES_KEYS = frozenset({"generate_private_key", "derive_private_key", "random_serial_number"})
UNSTABLE = "cryptography.hazmat.asn1"
WRITES = {
    "commit": {"apply"},
    "delete": {"apply"},
    "commit_crls": {"add_crls", "publish"},
    "delete_crls": {"forget_crls", "publish"},
}
"""The shelf's writing methods, each with the methods of the door that alone may call it."""
CALLS_MODULES = frozenset({"notify", "Notify", "VerifyRequest"})
LOADERS = frozenset({"import_module", "__import__", "spec_from_file_location"})
FILE_LINES, FACTS_FILE_LINES = 450, 600


def imported(module: Module, among: frozenset[str] = frozenset()) -> Iterator[tuple[str, str, int]]:
    """Yield what *module* imports, wherever the statement stands: local name, dotted name, line.

    `import a.b` is `a.b` under no name and, unless there are modules *among* which to look, `a`.
    `from a import b` is `a` if that is one of the modules *among* and `a.b` is none, else `a.b`.
    """
    package = module.name if module.path.endswith("__init__.py") else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                yield alias.asname or "", alias.name, node.lineno
                if not alias.asname and not among:
                    yield local, local, node.lineno
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                found = source if source in among and whole not in among else whole
                yield alias.asname or alias.name, found, node.lineno


def arrows(rooms: House) -> Iterator[tuple[Module, str, int]]:
    """Yield each import of one module of the package by another."""
    names = frozenset(module.name for module in rooms)
    for module in rooms:
        for _, target, line in imported(module, names):
            if target in names:
                yield module, target, line


@cache
def used_names(module: Module) -> tuple[tuple[str, int], ...]:
    """Return every dotted name in *module* that begins at an import, spelled out in full."""
    found = [(whole, line) for _, whole, line in imported(module)]
    known = {local: whole for local, whole, _ in imported(module)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            head, _, rest = ast.unparse(node).partition(".")
            if head in known:
                found.append((f"{known[head]}.{rest}".removesuffix("."), node.lineno))
    return tuple(found)


@cache
def calls(module: Module) -> tuple[tuple[str, str, int], ...]:
    """Return each call in *module*: the function it stands in, the last name called, the line."""

    def walk(node: ast.AST, where: str) -> Iterator[tuple[str, str, int]]:
        for child in ast.iter_child_nodes(node):
            inner = child.name if isinstance(child, ast.FunctionDef) else where
            if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute | ast.Name):
                yield inner, ast.unparse(child.func).rpartition(".")[2], child.lineno
            yield from walk(child, inner)

    return tuple(walk(module.tree, ""))


# The laws. Each returns its offences, none for a house in order.


def every_room_has_a_floor(rooms: House) -> list[str]:
    """Name the files whose room the table of floors does not know."""
    known = frozenset().union(*FLOORS)
    return [f"{module.path} is in no floor" for module in rooms if module.room not in known]


def arrows_go_down(rooms: House) -> list[str]:
    """Name the imports that neither lead to a lower floor nor stay in their room."""
    level = {room: floor for floor, found in enumerate(FLOORS) for room in found}
    return [
        f"{module.path}:{line} imports {target}"
        for module, target, line in arrows(rooms)
        if room_of(target) != module.room and level[room_of(target)] >= level[module.room]
    ]


def no_cycles(rooms: House) -> list[str]:
    """Name what is left once the modules that need no other are taken away, again and again."""
    needs: dict[str, set[str]] = {module.name: set() for module in rooms}
    for module, target, _ in arrows(rooms):
        needs[module.name].add(target)
    while free := {name for name, needed in needs.items() if not needed & needs.keys()}:
        needs = {name: needed for name, needed in needs.items() if name not in free}
    return [f"{name} is in a cycle or leans on one" for name in needs]


def guests_use_the_sockets(rooms: House) -> list[str]:
    """Name the imports that a stranger's module would not make: guests know the sockets only."""
    return [
        f"{module.path}:{line} imports {target}"
        for module, target, line in arrows(rooms)
        if module.room in GUESTS and room_of(target) not in OPEN_TO_GUESTS | {module.room}
    ]


def one_window(rooms: House) -> list[str]:
    """Name who reads the clock, takes chance or makes keys other than through `sources.py`."""
    return [
        f"{module.path}:{line} names {name}"
        for module in rooms
        if module.path != "sources.py"
        for name, line in used_names(module)
        if any(is_inside(name, source) for source in THROUGH_THE_WINDOW)
        or name.rpartition(".")[2] in MAKES_KEYS
    ]


def one_room_for_unstable_asn1(rooms: House) -> list[str]:
    """Name who else uses `cryptography.hazmat.asn1`, which may change with any release."""
    return [
        f"{module.path}:{line} names {name}"
        for module in rooms
        if module.path != "_engine/asn1.py"
        for name, line in used_names(module)
        if is_inside(name, UNSTABLE)
    ]


def one_loop(rooms: House) -> list[str]:
    """Name who but the loop notifies exit modules or asks the policy module."""
    return [
        f"{module.path}:{line} calls {name}"
        for module in rooms
        if module.path != "_engine/dispatch.py"
        for _, name, line in calls(module)
        if name in CALLS_MODULES
    ]


def one_door(rooms: House) -> list[str]:
    """Name who but the door writes to a shelf; what a shelf does inside is its own affair."""
    return [
        f"{module.path}:{line} calls {name} in {where or 'no function'}"
        for module in rooms
        if module.room != "database"
        for where, name, line in calls(module)
        if name in WRITES and not (module.path == "_engine/door.py" and where in WRITES[name])
    ]


def imports_stand_at_the_top(rooms: House) -> list[str]:
    """Name the functions and classes that hide an import statement."""
    return [
        f"{module.path}:{node.lineno} imports inside {outer.name}"
        for module in rooms
        for outer in ast.walk(module.tree)
        if isinstance(outer, ast.FunctionDef | ast.ClassDef)
        for node in ast.walk(outer)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def no_back_doors(rooms: House) -> list[str]:
    """Name who imports by name, but for the lazy front door and the room that plugs modules in."""
    return [
        f"{module.path}:{line} calls {name}"
        for module in rooms
        if module.path not in {"__init__.py", "_engine/specs.py"}
        for _, name, line in calls(module)
        if name in LOADERS
    ]


def functions_are_short(rooms: House) -> list[str]:
    """Name the functions with more lines of code than a reader can hold."""
    return [
        f"{place} has {size} lines of code"
        for place, size in function_sizes(rooms)
        if size > FUNCTION_LINES
    ]


def files_are_short(rooms: House) -> list[str]:
    """Name the files that are longer than their kind may be."""
    return [
        f"{module.path} has {len(module.text.splitlines())} lines"
        for module in rooms
        if len(module.text.splitlines())
        > (FACTS_FILE_LINES if module.room == "facts" else FILE_LINES)
    ]


Law = Callable[[House], list[str]]
LAWS: tuple[Law, ...] = (
    every_room_has_a_floor,
    arrows_go_down,
    no_cycles,
    guests_use_the_sockets,
    one_window,
    one_room_for_unstable_asn1,
    one_loop,
    one_door,
    imports_stand_at_the_top,
    no_back_doors,
    functions_are_short,
    files_are_short,
)
_LONG_FUNCTION = "def long():\n" + "    print()\n" * FUNCTION_LINES
_NEW_KEY = """
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1())
"""
PLANTED: tuple[tuple[Law, str, str], ...] = (
    (every_room_has_a_floor, "attic/trunk.py", ""),
    (arrows_go_down, "registry.py", "from certsim._engine.state import CAState"),
    (arrows_go_down, "_engine/cms.py", "import certsim.ca"),
    (arrows_go_down, "_engine/cms.py", "from certsim import Outcome"),
    (arrows_go_down, "errors.py", "from .registry import Registry"),
    (arrows_go_down, "database/rows.py", "def late():\n    from certsim import interfaces"),
    (no_cycles, "_engine/serials.py", "from certsim._engine import engine"),
    (no_cycles, "_engine/asn1.py", "from certsim._engine.pkcs10 import read"),
    (guests_use_the_sockets, "policies/standalone.py", "import certsim.database.rows"),
    (guests_use_the_sockets, "policies/function.py", "from certsim.sources import Sources"),
    (one_window, "_engine/journal.py", "from datetime import datetime\nlog = datetime.now"),
    (one_window, "ca.py", "import datetime as d\nday = d.date.today()"),
    (one_window, "cli/run.py", "from time import perf_counter as tick"),
    (one_window, "_engine/serials.py", "import os\nnumber = os.urandom(8)"),
    (one_window, "_engine/x509.py", "import secrets"),
    (one_window, "policies/values.py", "import uuid\nfresh = uuid.uuid4()"),
    (one_window, "_engine/x509.py", _NEW_KEY),
    (one_room_for_unstable_asn1, "_engine/cms.py", "from cryptography.hazmat import asn1 as own"),
    (one_room_for_unstable_asn1, "policies/values.py", "import cryptography.hazmat.asn1"),
    (
        one_room_for_unstable_asn1,
        "_engine/names.py",
        "from cryptography import hazmat\nread = hazmat.asn1.decode_der",
    ),
    (one_loop, "_engine/service.py", "def tell(module):\n    module.Notify(64, 0)"),
    (one_loop, "ca.py", "def ask(policy):\n    return policy.module.VerifyRequest('', 1, 1, 0)"),
    (one_door, "_engine/engine.py", "def deny(shelf, row):\n    shelf.commit(row)"),
    (one_door, "ca.py", "def apply(self, row):\n    self._state.shelf.commit(row)"),
    (one_door, "_engine/door.py", "def forget(self, row):\n    self._state.shelf.delete(row)"),
    (imports_stand_at_the_top, "registry.py", "def late():\n    import json"),
    (no_back_doors, "ca.py", "import importlib\ncsv = importlib.import_module('csv')"),
    (functions_are_short, "cli/parser.py", _LONG_FUNCTION),
    (files_are_short, "activation.py", "\n" * FILE_LINES),
)


def with_planted(rooms: House, path: str, text: str) -> House:
    """Return *rooms* with *text* at the end of the file at *path*, or as a file of its own."""
    standing = {module.path: module.text for module in rooms}
    changed = Module.of(path, f"{standing.get(path, '')}\n{text}\n")
    return (*(module for module in rooms if module.path != path), changed)


@cache
def offences(law: Law) -> list[str]:
    """Return what the package as it stands offends against."""
    return law(house())


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_house_keeps_the_law(law: Law) -> None:
    """The package as it stands offends against no law."""
    assert offences(law) == []


@pytest.mark.parametrize(
    ("law", "path", "text"),
    PLANTED,
    ids=[f"{law.__name__}-{path}-{i}" for i, (law, path, _) in enumerate(PLANTED)],
)
def test_the_law_sees_what_is_planted(law: Law, path: str, text: str) -> None:
    """One bad line brings an offence that was not there before."""
    assert len(law(with_planted(house(), path, text))) > len(offences(law))


def test_every_law_has_been_tried() -> None:
    """No law stands without a planted offence that it finds."""
    assert {law for law, _, _ in PLANTED} == set(LAWS)


def test_the_rooms_of_the_laws_exist() -> None:
    """The rooms that the laws make exceptions for do what they are excepted for."""
    paths = {module.path: module for module in house()}
    assert {name for name, _ in used_names(paths["sources.py"])} >= {"os.urandom", "random.Random"}
    assert UNSTABLE in {name for name, _ in used_names(paths["_engine/asn1.py"])}
    asked = {name for _, name, _ in calls(paths["_engine/dispatch.py"])}
    assert asked >= {"notify", "VerifyRequest"}
    written = {(where, name) for where, name, _ in calls(paths["_engine/door.py"])}
    assert written >= {(where, name) for name, doors in WRITES.items() for where in doors}


# What the repository says to those who have nothing but the repository.


PRIVATE = re.compile(r"\b(ca-b[e]haviour|module-n[e]eds|interfaces[.]m[d]|DESIG[N])\b")
"""Working papers that no reader has; written so that this very line does not name them."""


def test_no_file_cites_what_nobody_can_read() -> None:
    """Every citation leads to something public."""
    places = ("certsim", "tests", "examples", "docs", ".ci")
    files = [file for place in places for file in (REPOSITORY / place).rglob("*")]
    files += [file for file in REPOSITORY.iterdir() if file.suffix in {".md", ".toml"}]
    told = [file for file in files if file.is_file() and "__pycache__" not in file.parts]
    assert [
        file.relative_to(REPOSITORY).as_posix()
        for file in told
        if PRIVATE.search(file.read_text(encoding="utf-8", errors="replace"))
    ] == []
