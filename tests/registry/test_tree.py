"""The tree of keys and values: found in any case, spelt as first written, never edited.

Source: win32 SysInfo, structure of the registry; reg.exe of Windows in the tests of Wine (order).
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from certsim.registry.tree import Tree
from tests.registry.drawn import names, values

PATHS = ["A", "a", "A\\B", "a\\b", "A\\b\\C", "D", "A\\E", "AB"]
few = st.sampled_from(["x", "X", "y", "", "Longer"])


class Model(RuleBasedStateMachine):
    """Keep a list of path, name and value beside the tree, and compare all that can be asked."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = Tree()
        self.held: list[tuple[str, str, Any]] = []

    @rule(path=st.sampled_from(PATHS), name=few, value=st.integers(0, 3))
    def write(self, path: str, name: str, value: int) -> None:
        self.tree = self.tree.write(path, name, value)
        for at, (held, called, _) in enumerate(self.held):
            if (held.lower(), called.lower()) == (path.lower(), name.lower()):
                self.held[at] = (held, called, value)
                return
        self.held.append((path, name, value))

    @rule(path=st.sampled_from(PATHS), name=few)
    def forget(self, path: str, name: str) -> None:
        kept = [
            row
            for row in self.held
            if (row[0].lower(), row[1].lower()) != (path.lower(), name.lower())
        ]
        self.step(self.tree.without(path, name), kept)

    @rule(path=st.sampled_from(PATHS))
    def forget_key(self, path: str) -> None:
        kept = [
            row for row in self.held if not f"{row[0].lower()}\\".startswith(f"{path.lower()}\\")
        ]
        self.step(self.tree.without_key(path), kept)

    def step(self, after: Tree, kept: list[tuple[str, str, Any]]) -> None:
        assert (after is self.tree) == (len(kept) == len(self.held))
        self.tree, self.held = after, kept

    @invariant()
    def both_agree(self) -> None:
        for path in PATHS:
            found = {name: value for held, name, value in self.held if held.lower() == path.lower()}
            assert self.tree.values(path) == found
            assert list(self.tree.values(path)) == list(found)
            for name in ("x", "Y", "", "longer"):
                lowered = {called.lower(): value for called, value in found.items()}
                assert self.tree.read(path, name) == lowered.get(name.lower())
        assert len(self.tree) == len(self.held)
        told = [(path.lower(), name, value) for path, name, value in self.tree]
        assert sorted(told, key=repr) == sorted(
            ((path.lower(), name, value) for path, name, value in self.held), key=repr
        )


TestModel = Model.TestCase


@given(value=values, other=values)
def test_an_older_tree_stays_as_it_was(value: Any, other: Any) -> None:
    """A change leaves the tree that it was made from alone."""
    before = Tree().write("K", "x", value)
    after = before.write("K", "x", other).write("K\\L", "y", 1).without_key("K\\L")
    assert list(before) == [("K", "x", value)]
    assert list(after) == [("K", "x", other)]
    assert list(after.without("k", "X")) == []
    assert list(after) == [("K", "x", other)]


def test_lists_cannot_be_edited_from_outside() -> None:
    """Neither the list written nor one that was read is the one in the tree."""
    mine = ["a"]
    tree = Tree().write("K", "x", mine)
    mine.append("b")
    for found in (tree.read("K", "x"), tree.values("K")["x"], next(iter(tree))[2]):
        assert isinstance(found, list)
        found.append("c")
    assert tree.read("K", "x") == ["a"]


def test_keys_keep_the_spelling_they_were_first_written_with() -> None:
    """Every part of a path is spelt as the first to write it did, above and below."""
    tree = Tree().write("Exit\\My.Exit\\SMTP", "Port", 25)
    tree = tree.write("EXIT\\MY.EXIT", "Mask", 1).write("exit\\Other", "mask", 2)
    tree = tree.write("exit\\other\\Deep", "MASK", 3).write("exit\\my.exit\\smtp", "PORT", 26)
    assert list(tree) == [
        ("Exit\\My.Exit", "Mask", 1),
        ("Exit\\My.Exit\\SMTP", "Port", 26),
        ("Exit\\Other", "mask", 2),
        ("Exit\\Other\\Deep", "MASK", 3),
    ]


def test_keys_below_a_key_are_those_with_values_in_or_below_them() -> None:
    """A key is there as long as a value is, however deep; its namesake in front is another."""
    tree = Tree().write("K\\b\\c\\d", "x", 1).write("K\\A", "x", 1).write("KK\\z", "x", 1)
    assert tree.keys("k") == ["A", "b"]
    assert tree.keys("K\\B") == ["c"]
    assert tree.keys("K\\b\\c\\d") == []
    assert tree.without("K\\b\\c\\d", "x").keys("K") == ["A"]


def test_the_order_is_the_one_windows_exports_in() -> None:
    """Keys come sorted, each before those below it; values in the order they were created."""
    tree = Tree()
    for path in ("Z", "b", "A\\z", "a-", "A"):
        tree = tree.write(path, "second", 1).write(path, "First", 2)
    tree = tree.write("b", "second", 3)
    assert [path for path, name, _ in tree if name == "First"] == ["A", "A\\z", "a-", "b", "Z"]
    assert list(tree.values("b").items()) == [("second", 3), ("First", 2)]


@given(name=names)
def test_what_is_there_already_changes_nothing(name: str) -> None:
    """Writing the value that stands gives the same tree, so a file need not be written."""
    tree = Tree().write("K", name, ["a"])
    assert tree.write("k", name, ["a"]) is tree
    assert tree.write("k", name, ["b"]) is not tree
