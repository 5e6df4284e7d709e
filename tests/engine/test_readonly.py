"""Exit modules can read and cannot write: not by a method, and not by walking what they hold.

The walk starts at a live server object inside `Notify` and follows instance attributes, slots,
containers and bound objects. Everything it meets must be immutable plain data, since one mutable
object on the way would be a hole through which a row could be changed.
Source: sdk-api certif/nn-certif-icertserverexit (no setters exist); win32 SecCrypto (exit modules).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import E_INVALIDARG
from tests.engine import values_kit as kit

READING = {
    "SetContext": 1,
    "GetRequestProperty": 2,
    "GetRequestAttribute": 1,
    "GetCertificateProperty": 2,
    "GetCertificateExtension": 2,
    "GetCertificateExtensionFlags": 0,
    "EnumerateExtensionsSetup": 1,
    "EnumerateExtensions": 0,
    "EnumerateExtensionsClose": 0,
    "EnumerateAttributesSetup": 1,
    "EnumerateAttributes": 0,
    "EnumerateAttributesClose": 0,
}
"""The methods of ICertServerExit, each with its number of arguments."""
PLAIN = (int, str, bytes, float, type(None), datetime)
TEXT_ITERATOR = type(iter([""]))


def held(thing: object) -> Iterator[object]:
    """Go through what *thing* itself holds: attributes, slots, members, closures, bound objects."""
    yield from vars(thing).values() if hasattr(thing, "__dict__") else ()
    for kind in type(thing).__mro__:
        for slot in getattr(kind, "__slots__", ()):
            if slot != "__weakref__" and hasattr(thing, slot):
                yield getattr(thing, slot)
    if isinstance(thing, dict):
        yield from (*thing.keys(), *thing.values())
    elif isinstance(thing, tuple | list | set | frozenset):
        yield from thing
    bound = getattr(thing, "__self__", None)
    if bound is not None:
        yield bound
    yield from (cell.cell_contents for cell in getattr(thing, "__closure__", None) or ())


def walk(root: object) -> list[object]:
    """Return everything that can be reached from *root*, *root* left out."""
    met: dict[int, object] = {id(root): root}
    todo = [root]
    while todo:
        for thing in held(todo.pop()):
            if id(thing) not in met:
                met[id(thing)] = thing
                if not isinstance(thing, PLAIN) and type(thing) is not TEXT_ITERATOR:
                    todo.append(thing)
    del met[id(root)]
    return list(met.values())


def used(server: Any) -> Any:
    """Return *server* after every kind of read, so that it holds all it will ever hold."""
    server.GetRequestProperty("RequesterName", kit.STRING)
    server.GetCertificateProperty("RawCertificate", kit.BINARY)
    server.GetCertificateExtension("2.5.29.14", kit.BINARY)
    server.EnumerateExtensionsSetup(0)
    server.EnumerateExtensions()
    server.EnumerateAttributesSetup(0)
    return server


@pytest.mark.parametrize("fresh", [True, False], ids=["as dispatched", "after every read"])
def test_nothing_reachable_from_an_exit_server_object_can_be_changed(*, fresh: bool) -> None:
    """A walk from a live object meets immutable plain data and iterators over plain text only."""

    def look(server: Any) -> list[tuple[str, str]]:
        aimed = server if fresh else used(server)
        odd = [thing for thing in walk(aimed) if not isinstance(thing, PLAIN)]
        listings = [thing for thing in odd if type(thing) is TEXT_ITERATOR]
        words = [word for listing in listings for word in listing.__reduce__()[1][0]]
        return [(type(thing).__name__, repr(thing)) for thing in odd if thing not in listings] + [
            (type(word).__name__, repr(word)) for word in words if type(word) is not str
        ]

    assert kit.in_notify(look, attributes="A:1\nB:2") == []


def test_the_walk_finds_a_hole_where_there_is_one() -> None:
    """The walk itself works: it finds a mutable object behind slots, closures and bound methods."""
    hole: list[int] = []

    class Leaky:
        __slots__ = ("inner",)

    leaky = Leaky()
    leaky.inner = lambda: hole  # type: ignore[attr-defined]
    assert any(thing is hole for thing in walk(leaky))
    bound = Leaky()
    bound.inner = hole.append  # type: ignore[attr-defined]
    assert any(thing is hole for thing in walk(bound))


def test_garbage_collector_sees_no_row_behind_an_exit_server_object() -> None:
    """The interpreter's own list of referents agrees: only text, numbers and their containers."""

    def look(server: Any) -> list[str]:
        referents = [thing for thing in gc.get_referents(used(server)) if thing is not type(server)]
        inside = [inner for thing in referents for inner in gc.get_referents(thing)]
        return sorted(
            {
                type(thing).__name__
                for thing in (*referents, *inside)
                if not isinstance(thing, (*PLAIN, dict, list)) and type(thing) is not TEXT_ITERATOR
            }
        )

    assert kit.in_notify(look) == []


def test_exit_server_object_offers_the_twelve_reading_methods_and_no_setter() -> None:
    """The public names are those of ICertServerExit; the one that begins with Set aims."""
    public = {word for word in dir(certsim.CCertServerExit) if not word.startswith("_")}
    assert public == set(READING)
    assert [word for word in public if word.startswith("Set")] == ["SetContext"]


def test_exit_object_is_no_policy_object_and_cannot_be_turned_into_one() -> None:
    """The reading class does not inherit the writing one, so no upcast leads to a setter."""
    assert not issubclass(certsim.CCertServerExit, certsim.CCertServerPolicy)
    inherited = {word for kind in certsim.CCertServerExit.__mro__ for word in vars(kind)}
    assert not {"SetCertificateProperty", "SetCertificateExtension"} & inherited


@pytest.mark.parametrize("setter", ["property", "extension"])
def test_policy_object_aimed_at_an_exit_context_cannot_write(setter: str) -> None:
    """A module that makes itself a CCertServerPolicy inside Notify is refused with E_INVALIDARG."""

    def look(_server: Any) -> str:
        other = certsim.CCertServerPolicy()
        other.SetContext(probe.contexts[-1])
        before = kit.shelf(ca)
        if setter == "property":
            arguments: tuple[object, ...] = ("CommonName", kit.STRING, "evil")
            answer = kit.attempt(other.SetCertificateProperty, *arguments)
        else:
            arguments = ("1.2.3", kit.BINARY, 0, b"\x05\x00")
            answer = kit.attempt(other.SetCertificateExtension, *arguments)
        assert kit.shelf(ca) == before
        return str(answer)

    probe = kit.Probe(look)
    with kit.authority(probe) as ca:
        ca.submit(kit.csr())
    assert probe.first() == kit.code(E_INVALIDARG)


def test_values_handed_out_are_of_immutable_types() -> None:
    """Every property, extension and attribute comes as int, str, bytes or an aware datetime."""

    def look(server: Any) -> list[object]:
        found: list[object] = []
        for side, call in (
            ("request_properties", server.GetRequestProperty),
            ("certificate_properties", server.GetCertificateProperty),
            ("ca_properties", server.GetCertificateProperty),
        ):
            for row in kit.facts()[side]:
                kind = kit.TYPES.get(row["type"].rstrip("?"), kit.STRING)
                found.append(kit.attempt(call, row["name"], kind))
        return found

    assert [value for value in kit.in_notify(look) if not isinstance(value, PLAIN)] == []


junk = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.sampled_from(["CommonName", "Request.RawName", "2.5.29.14", 1, 2, 3, 4, 0]),
)


@settings(max_examples=30, deadline=None)
@given(
    calls=st.lists(st.tuples(st.sampled_from(sorted(READING)), st.tuples(junk, junk)), max_size=30)
)
def test_no_call_with_any_arguments_changes_a_row(
    calls: list[tuple[str, tuple[object, object]]],
) -> None:
    """Whatever the reading methods are given, they answer or fail, and the rows stay the same."""

    def look(server: Any) -> bool:
        before, certificate = kit.shelf(ca), server.GetCertificateProperty("RawCertificate", 3)
        for method, arguments in calls:
            kit.attempt(getattr(server, method), *arguments[: READING[method]])
        fresh = certsim.CCertServerExit()
        fresh.SetContext(probe.contexts[-1])
        same = fresh.GetCertificateProperty("RawCertificate", 3) == certificate
        return same and kit.shelf(ca) == before

    probe = kit.Probe(look)
    with kit.authority(probe) as ca:
        ca.submit(kit.csr(), attributes="A:1")
    assert probe.first()
