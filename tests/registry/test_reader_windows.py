r"""`open_key` on Windows, tried against a stand-in for winreg: never yet on Windows itself.

The stand-in does what the documentation of the library says of the five functions that are used.
Source: Python library, winreg.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from certsim.registry import open_key, reader
from tests.codes import ERROR_FILE_NOT_FOUND, refused
from tests.engine import values_kit as kit
from tests.registry.drawn import ROOT, SERVICE

NONE, SZ, EXPAND_SZ, BINARY, DWORD, MULTI_SZ, QWORD = 0, 1, 2, 3, 4, 7, 11
REAL = ROOT.replace("Lab CA", "Real CA")
MODULE = rf"{REAL}\ExitModules\My.Exit"
HELD: dict[str, list[tuple[str, Any, int]]] = {
    REAL: [],
    MODULE: [
        ("PublishCertFlags", 0xFFFFFFFF, DWORD),
        ("To", ["a", "b"], MULTI_SZ),
        ("", "default", SZ),
        ("Folder", "%windir%", EXPAND_SZ),
        ("Blob", b"\1\2", BINARY),
        ("Big", 2**40, QWORD),
        ("NoText", None, SZ),
        ("NoList", None, MULTI_SZ),
        ("NoBytes", None, BINARY),
        ("NoNumber", None, DWORD),
        ("Nothing", None, NONE),
    ],
    rf"{MODULE}\SMTP": [("Port", 25, DWORD)],
}


def stand_in() -> ModuleType:
    """Return a registry with the functions of winreg, as far as they are used."""
    held = {path.lower(): rows for path, rows in HELD.items()}
    handles: list[object] = []

    @contextmanager
    def opened(root: int, path: str) -> Iterator[list[tuple[str, Any, int]]]:
        assert root == 0x80000002
        handle = held[path.lower()]
        handles.append(handle)
        try:
            yield handle
        finally:
            handles.remove(handle)

    def open_(root: int, path: str) -> Any:
        if path.lower() not in held:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return opened(root, path)

    def query(handle: list[tuple[str, Any, int]], name: str) -> tuple[Any, int]:
        for called, value, kind in handle:
            if called.lower() == name.lower():
                return value, kind
        raise FileNotFoundError(2, "The system cannot find the file specified")

    module = ModuleType("winreg")
    vars(module).update(
        HKEY_LOCAL_MACHINE=0x80000002,
        REG_SZ=SZ,
        REG_EXPAND_SZ=EXPAND_SZ,
        REG_MULTI_SZ=MULTI_SZ,
        REG_DWORD=DWORD,
        OpenKey=open_,
        QueryValueEx=query,
        QueryInfoKey=lambda handle: (0, len(handle), 0),
        EnumValue=lambda handle, index: handle[index],
        still_open=handles,
    )
    return module


@pytest.fixture(autouse=True)
def winreg(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Put the stand-in where the library's module would be; every key is closed at the end."""
    module = stand_in()
    monkeypatch.setattr(reader, "_winreg", module)
    yield module
    assert module.still_open == []


def test_a_machine_s_key_is_read_like_a_simulated_one() -> None:
    """Names as they are spelt, values of the four types, empty ones where winreg has None."""
    key = open_key(MODULE)
    assert list(key) == [name for name, _, _ in HELD[MODULE]]
    assert len(key) == 11
    assert dict(key) == {
        "PublishCertFlags": 0xFFFFFFFF,
        "To": ["a", "b"],
        "": "default",
        "Folder": "%windir%",
        "Blob": b"\1\2",
        "Big": 2**40,
        "NoText": "",
        "NoList": [],
        "NoBytes": b"",
        "NoNumber": 0,
        "Nothing": b"",
    }
    assert key["publishcertflags"] == 0xFFFFFFFF
    assert key.get("Missing") is None
    with pytest.raises(KeyError, match="Missing"):
        key["Missing"]


def test_an_empty_list_is_nobody_s_to_fill() -> None:
    """Two readings of an empty list do not share it."""
    key = open_key(MODULE)
    found = key["NoList"]
    assert isinstance(found, list)
    found.append("x")
    assert key["NoList"] == []


def test_keys_below_are_reached_both_ways() -> None:
    """By the key, and by a longer location."""
    assert dict(open_key(MODULE).open("SMTP")) == {"Port": 25}
    assert dict(open_key(rf"{MODULE}\smtp")) == {"Port": 25}
    assert dict(open_key(REAL).open(r"ExitModules\My.Exit\SMTP")) == {"Port": 25}


def test_a_key_that_is_not_there_is_empty() -> None:
    """A module that was never configured finds nothing, as in certsim."""
    key = open_key(rf"{REAL}\ExitModules\Other.Exit")
    assert dict(key) == dict(key.open("SMTP")) == {}
    assert len(key) == 0
    assert key.get("X") is None


@pytest.mark.parametrize(
    "where", ["", "SOFTWARE", SERVICE, rf"{SERVICE}\Configuration", ROOT, rf"{REAL}2\ExitModules"]
)
def test_a_path_of_no_ca_is_not_found(where: str) -> None:
    """Below the key of no CA of the machine nothing can be opened."""
    with refused(ERROR_FILE_NOT_FOUND):
        open_key(where)


def test_a_running_simulated_ca_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key is read and not the machine's, whose own it is once the CA has stopped."""
    monkeypatch.setitem(HELD, ROOT, [("ValidityPeriod", "of the machine", SZ)])
    monkeypatch.setattr(reader, "_winreg", stand_in())
    with kit.authority():
        assert open_key(ROOT)["ValidityPeriod"] == "Years"
        assert dict(open_key(MODULE).open("SMTP")) == {"Port": 25}
    assert open_key(ROOT)["ValidityPeriod"] == "of the machine"


def test_errors_of_the_machine_come_as_they_are(winreg: Any) -> None:
    """Whoever may not read a key is told so by the system."""

    def denied(_root: int, _path: str) -> SimpleNamespace:
        raise PermissionError(13, "Access is denied")

    key = open_key(MODULE)
    winreg.OpenKey = denied
    for use in (lambda: key["To"], lambda: list(key), lambda: open_key(MODULE)):
        with pytest.raises(PermissionError):
            use()
