r"""The registry in a file: every change is there at once, and nobody sees half of one.

Source: docs/rulings.md (Folders, Configuration).
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import certsim
from certsim.locks import FileLock
from certsim.registry import Registry, StoredRegistry
from tests.codes import (
    E_ACCESSDENIED,
    E_INVALIDARG,
    ERROR_DISK_FULL,
    ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_DATA,
    refused,
    signed,
)
from tests.registry.drawn import HEADER, MACHINE, ROOT, SERVICE, keys, names, values

ERROR_FILE_EXISTS, ERROR_SHARING_VIOLATION = 0x80070050, 0x80070020
ACTIVE = f'[{MACHINE}\\{SERVICE}\\Configuration]\n"Active"="Lab CA"\n'
posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")

WRITER = """
import sys
from pathlib import Path
from certsim.registry import StoredRegistry
registry = StoredRegistry.open(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    registry.write(sys.argv[2], f"Value {number}", [f"{number}"] * 50)
"""
KILLED = """
import os, sys
from pathlib import Path
from certsim.registry import StoredRegistry
registry = StoredRegistry.open(Path(sys.argv[1]))
os.fsync = lambda file: os._exit(9)
registry.write("", "X", 2)
"""
LIMITED = """
import resource, sys
from pathlib import Path
from certsim.registry import StoredRegistry
registry = StoredRegistry.open(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
try:
    registry.write("", "X", bytes(100000))
finally:
    print(registry.text("ValidityPeriod"))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the registry of a new CA has been made."""
    StoredRegistry.create(tmp_path / "registry.reg", "Lab CA")
    return tmp_path / "registry.reg"


def content(found: Registry) -> list[Any]:
    """Return all that is in a tree."""
    return list(found.dump())


def test_a_new_file_is_what_a_new_tree_is(path: Path) -> None:
    """The file holds the defaults, knows its CA by `Active`, and reads like a .reg file."""
    opened = StoredRegistry.open(path)
    assert content(opened) == content(Registry("Lab CA"))
    assert opened.root == ROOT
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"{HEADER}\n\n{ACTIVE}")
    assert f'\n[{MACHINE}\\{ROOT}]\n"ValidityPeriod"="Years"\n' in text


@posix_only
def test_the_file_is_its_owner_s_alone(path: Path) -> None:
    """Nobody else can read it, now and after every change."""
    for _ in range(2):
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        StoredRegistry.open(path).write("", "SMTPPassword", "x")
    assert sorted(file.name for file in path.parent.iterdir()) == ["registry.lock", "registry.reg"]


@given(
    st.lists(
        st.tuples(
            st.lists(keys, max_size=3).map("\\".join), st.just("") | names, st.none() | values
        ),
        max_size=6,
    )
)
def test_memory_and_file_agree(told: list[Any]) -> None:
    """For all changes: a tree in memory, the one that changed its file, and a later one agree."""
    memory = Registry("Lab CA")
    with TemporaryDirectory() as folder:
        stored = StoredRegistry.create(Path(folder, "registry.reg"), "Lab CA")
        for registry in (memory, stored):
            for key, name, value in told:
                if value is not None:
                    registry.write(key, name, value)
                elif name in registry.values(key):
                    registry.delete_value(key, name)
                elif key in registry.keys(""):
                    registry.delete_key(key)
        later = StoredRegistry.open(Path(folder, "registry.reg"))
        assert content(later) == content(stored) == content(memory)


def test_a_change_is_seen_by_every_object_at_once(path: Path) -> None:
    """Two objects on one file write in turn and read what the other wrote."""
    first, second = StoredRegistry.open(path), StoredRegistry.open(path, read_only=True)
    for number in range(50):
        first.write("Key", "X", number)
        assert second.read("Key", "X") == number
        assert second.values("Key") == {"X": number}
    assert second.keys("") == ["Key", "PolicyModules"]
    third = StoredRegistry.open(path)
    third.write("Key", "Y", 1)
    first.write("Key", "Z", 2)
    assert second.names("Key") == ["X", "Y", "Z"]


def test_two_contents_never_look_alike(path: Path) -> None:
    """However fast changes follow, the time of each is later than that of the one before."""
    registry, seen = StoredRegistry.open(path), []
    for number in range(50):
        registry.write("", "ClockSkewMinutes", number % 10)
        seen.append(path.stat().st_mtime_ns)
    assert seen == sorted(set(seen))


def test_a_change_is_later_than_a_file_from_the_future(path: Path) -> None:
    """Where the clock has been set back, the time of change still rises."""
    future = 4_000_000_000_000_000_000
    os.utime(path, ns=(future, future))
    first, second = StoredRegistry.open(path), StoredRegistry.open(path)
    for number in range(3):
        first.write("", "ClockSkewMinutes", number)
        assert second.read("", "ClockSkewMinutes") == number
        assert future < path.stat().st_mtime_ns < future + 1_000_000
        future = path.stat().st_mtime_ns


def test_what_changes_nothing_leaves_the_file_alone(path: Path) -> None:
    """Writing the value that stands, or forgetting an unknown class, does not touch the file."""
    registry = StoredRegistry.open(path)
    before = path.stat()
    registry.write("", "validityperiod", "Years")
    registry.unregister_class("Nobody.Exit")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_may_be_edited_by_hand(path: Path, ends: str) -> None:
    """What is written there is seen at the next reading, and outlives the next change."""
    registry = StoredRegistry.open(path)
    text = path.read_text(encoding="utf-8").replace('="Years"', '="Weeks" ; by hand')
    path.write_bytes(text.replace("\n", ends).encode())
    assert registry.text("ValidityPeriod") == "Weeks"
    registry.write("", "ValidityPeriodUnits", 3)
    assert StoredRegistry.open(path).text("ValidityPeriod") == "Weeks"


def test_an_import_is_one_change_of_the_file(path: Path) -> None:
    """All of it is in the file afterwards; of one that fails, nothing."""
    registry = StoredRegistry.open(path)
    good = f'{HEADER}\n[{MACHINE}\\{ROOT}]\n"X"="y"\n'
    registry.import_reg(good)
    before = path.read_bytes()
    with refused(ERROR_INVALID_DATA):
        registry.import_reg(f'{good}"Z"="z"\nnonsense\n')
    assert path.read_bytes() == before
    assert StoredRegistry.open(path).text("X") == "y"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{HEADER}\n{ACTIVE}nonsense\n", 4),
        (f'{HEADER}\n{ACTIVE}"x"=hex(2):00,00\n', 4),
        (f'{HEADER}\n{ACTIVE}[HKEY_CURRENT_USER\\x]\n"x"="y"\n', 5),
        (f'{HEADER}\n{ACTIVE}"x"=hex:00,\\', 4),
        ("", 1),
    ],
)
def test_a_damaged_file_is_named_with_its_line_and_left_alone(
    path: Path, text: str, line: int
) -> None:
    """Whether it is opened, read on or written to: one error, and the file as it was."""
    registry = StoredRegistry.open(path)
    path.write_text(text, encoding="utf-8")
    for use in (
        lambda: StoredRegistry.open(path),
        lambda: registry.read("", "ValidityPeriod"),
        lambda: registry.write("", "X", 1),
    ):
        with pytest.raises(certsim.ComError) as caught:
            use()
        assert caught.value.hresult == signed(ERROR_INVALID_DATA)
        assert str(caught.value.strerror).startswith(f"{path}: line {line}: ")
    assert path.read_text(encoding="utf-8") == text


def test_a_file_in_another_encoding_is_named(path: Path) -> None:
    """Bytes that are no text are told as such."""
    path.write_bytes(b"Windows Registry Editor Version 5.00\n\xfc")
    with pytest.raises(certsim.ComError, match=f"{path}: .*byte 37"):
        StoredRegistry.open(path)


@pytest.mark.parametrize("text", [HEADER, f"{HEADER}\n{ACTIVE.replace('Lab CA', '')}"])
def test_a_file_that_names_no_ca_is_refused(path: Path, text: str) -> None:
    """Without `Active` it could be anybody's."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(certsim.ComError, match="names no CA") as caught:
        StoredRegistry.open(path)
    assert caught.value.hresult == signed(ERROR_INVALID_DATA)


def test_a_missing_file_is_named(path: Path) -> None:
    """It cannot be opened, and who had it open is told at the next reading."""
    registry = StoredRegistry.open(path)
    path.unlink()
    for use in (lambda: StoredRegistry.open(path), lambda: registry.text("ValidityPeriod")):
        with pytest.raises(certsim.ComError, match=str(path)) as caught:
            use()
        assert caught.value.hresult == signed(ERROR_FILE_NOT_FOUND)


def test_what_is_there_is_not_made_anew(path: Path) -> None:
    """A second CA cannot take the file of a first."""
    before = path.read_bytes()
    with refused(ERROR_FILE_EXISTS):
        StoredRegistry.create(path, "Other CA")
    assert path.read_bytes() == before


def test_one_that_is_opened_to_read_does_not_write(path: Path) -> None:
    """Every change is refused, nothing is locked, and nothing is made beside the file."""
    (path.parent / "registry.lock").unlink()
    registry = StoredRegistry.open(path, read_only=True)
    changes: tuple[Callable[[], object], ...] = (
        lambda: registry.write("", "X", 1),
        lambda: registry.delete_value("", "ValidityPeriod"),
        lambda: registry.delete_key("PolicyModules"),
        lambda: registry.register_class("My.Exit", "a:B"),
        lambda: registry.import_reg(HEADER),
    )
    for change in changes:
        with refused(E_ACCESSDENIED):
            change()
    assert registry.text("ValidityPeriod") == "Years"
    assert [file.name for file in path.parent.iterdir()] == ["registry.reg"]


def test_a_value_that_cannot_be_kept_leaves_no_trace(path: Path) -> None:
    """An error of the caller's own changes nothing and locks nothing."""
    registry = StoredRegistry.open(path)
    before = path.read_bytes()
    with refused(E_INVALIDARG):
        registry.write("", "X", 2**32)
    registry.write("", "X", 1)
    registry.delete_value("", "X")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, ERROR_DISK_FULL), (errno.EROFS, E_ACCESSDENIED), (errno.EIO, 0x8007001D)],
)
def test_a_disk_that_does_not_take_it_loses_nothing(
    path: Path, number: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file, the old contents stand in it and in memory, and work goes on."""
    registry = StoredRegistry.open(path)
    before = path.read_bytes()

    def fail(_file: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(certsim.ComError, match=f"cannot write {path}") as caught:
            registry.write("", "X", 1)
    assert caught.value.hresult == signed(code)
    assert registry.read("", "X") is None
    assert path.read_bytes() == before
    registry.write("", "X", 1)
    assert sorted(file.name for file in path.parent.iterdir()) == ["registry.lock", "registry.reg"]


@posix_only
def test_a_file_that_may_not_grow_loses_nothing(path: Path) -> None:
    """A limit of the system's own, met in the middle of a write, is an error like a full disk."""
    before = path.read_bytes()
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=False
    )
    assert f"0x8007001D ERROR_WRITE_FAULT: cannot write {path}: File too large" in child.stderr
    assert child.stdout == "Years\n"
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["registry.lock", "registry.reg"]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_that_may_not_be_written_to_is_told(
    path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes on there; a change is E_ACCESSDENIED and leaves everything as it was."""
    registry, open_ = StoredRegistry.open(path), os.open

    def guarded(file: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_CREAT | os.O_RDWR | os.O_WRONLY):
            raise OSError(number, os.strerror(number))
        return open_(file, flags, *rest, **more)

    monkeypatch.setattr(os, "open", guarded)
    assert registry.text("ValidityPeriod") == "Years"
    with pytest.raises(certsim.ComError, match=str(path.with_suffix(".lock"))) as caught:
        registry.write("", "X", 1)
    assert caught.value.hresult == signed(E_ACCESSDENIED)
    assert registry.read("", "X") is None


def test_a_folder_in_the_way_of_the_file_is_told(tmp_path: Path) -> None:
    """A registry cannot be made where there is no folder, and not read from one."""
    with refused(ERROR_FILE_NOT_FOUND):
        StoredRegistry.create(tmp_path / "missing" / "registry.reg", "Lab CA")
    with refused(E_ACCESSDENIED):
        StoredRegistry.open(tmp_path)


def test_what_a_killed_writer_left_is_swept_away(path: Path) -> None:
    """A half written file beside the real one does not count, and is gone after the next change."""
    neighbour = path.with_name(".registry.reg")
    neighbour.touch()
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], capture_output=True, text=True, check=False
    )
    assert child.returncode != 0
    before = {file.name for file in path.parent.iterdir()}
    assert len(before) == 4
    registry = StoredRegistry.open(path)
    assert registry.read("", "X") is None
    registry.write("", "X", 1)
    assert StoredRegistry.open(path).read("", "X") == 1
    assert {file.name for file in path.parent.iterdir()} == {
        ".registry.reg",
        "registry.lock",
        "registry.reg",
    }


def test_who_does_not_get_its_turn_is_told_who_has_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0x80070020 names the holder; reading waits for nobody."""
    registry, lock = StoredRegistry.open(path), FileLock(path.with_suffix(".lock"))
    monkeypatch.setattr("certsim.registry.stored._ATTEMPTS", 2)
    assert lock.acquire(1, "process 1 on elsewhere")
    with pytest.raises(certsim.ComError, match="process 1 on elsewhere") as caught:
        registry.write("", "X", 1)
    assert caught.value.hresult == signed(ERROR_SHARING_VIOLATION)
    assert registry.text("ValidityPeriod") == "Years"
    lock.release()
    registry.write("", "X", 1)


def test_threads_lose_no_change(path: Path) -> None:
    """Threads with objects of their own, and some with one in common, write and read at once."""
    shared = StoredRegistry.open(path)
    errors: list[BaseException] = []

    def work(registry: StoredRegistry, key: str) -> None:
        try:
            for number in range(10):
                registry.write(key, f"Value {number}", number)
                assert registry.read(key, f"Value {number}") == number
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(shared if at % 2 else StoredRegistry.open(path), key))
        for at, key in enumerate(("A", "B", "C", "D"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for key in "ABCD":
        assert list(shared.values(key).values()) == list(range(10))


def test_processes_lose_no_change_and_readers_see_whole_files(path: Path) -> None:
    """Two processes write to one file in turn, while a third, this one, reads all the time."""
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), key, "20"]) for key in "AB"
    ]
    reader = StoredRegistry.open(path, read_only=True)
    while any(child.poll() is None for child in children):
        for key in "AB":
            for number, value in enumerate(reader.values(key).values()):
                assert value == [f"{number}"] * 50
    assert [child.wait() for child in children] == [0, 0]
    assert len(reader.names("A")) == len(reader.names("B")) == 20


def test_a_writer_that_is_killed_leaves_a_whole_file(path: Path) -> None:
    """Wherever it was, the file can be read, and the next writer gets its turn."""
    for round_ in range(3):
        key = f"Round {round_}"
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path), key, "1000000"])
        registry = StoredRegistry.open(path)
        while not registry.names(key):
            assert child.poll() is None
        child.kill()
        child.wait()
        kept = registry.names(key)
        assert kept == [f"Value {number}" for number in range(len(kept))]
        registry.write("", "Round", round_)
        registry.delete_key(key)


@pytest.mark.parametrize("root", ["HKEY_LOCAL_MACHINE", "hkey_classes_root"])
def test_a_value_of_a_root_is_refused_and_left_as_it_is(tmp_path: Path, root: str) -> None:
    """What could be read but not be written again would be lost with the next change."""
    StoredRegistry.create(path := tmp_path / "registry.reg", "Teaching CA")
    edited = path.read_text(encoding="utf-8") + f'\n[{root}]\n"x"=dword:1\n'
    path.write_text(edited, encoding="utf-8")
    with refused(ERROR_INVALID_DATA, "line "):
        StoredRegistry.open(path)
    assert path.read_text(encoding="utf-8") == edited
