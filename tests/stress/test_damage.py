"""Databases that are damaged: each is refused in one line or read as far as it goes, never changed.

Whoever has a broken file wants it as it broke, to mend it or to put a backup in its place.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CertificationAuthority, ComError
from tests.codes import ERROR_FILE_NOT_FOUND, ERROR_INVALID_DATA, PENDING, REVOKED, refused, signed
from tests.folder.folder_kit import make, reopen
from tests.marks import few_or_many
from tests.requests_kit import make_csr

ERROR_FILE_CORRUPT = 0x80070570
HEADER = 100
SEED = 7


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a CA in whose database there is something of everything."""
    folder = tmp_path_factory.mktemp("whole") / "ca"
    with make(folder, config={r"policy\RequestDisposition": 3}) as ca:
        for number in range(3):
            ca.submit(make_csr(f"www{number}.example.test"), attributes="Disposition:Pending")
        ca.revoke(str(ca.resubmit(1).serial_number), 1)
        ca.publish_crls()
    states = [row["Request.Disposition"] for row in reopen(folder).view()]
    assert states == [REVOKED, PENDING, PENDING]
    return folder


def everything(folder: Path) -> dict[str, bytes]:
    """Return all files below *folder*, by their names."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def told(call: Callable[[], object]) -> ComError | None:
    """Return the error that a *call* ends in, `None` if it succeeds; an error is a line of text."""
    error = error_of(call)
    assert error is None or str(error).isprintable()
    return error


def error_of(call: Callable[[], object]) -> ComError | None:
    """Return the error of a *call*."""
    try:
        call()
    except ComError as error:
        return error
    return None


def other_database(path: Path) -> None:
    """Put a database of somebody else in the place."""
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE Request (RequestID)")
        database.commit()


def without_a_table(path: Path) -> None:
    """Take a table away that a CA needs."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE certsim_Journal")
        database.commit()


def cut(path: Path, size: int) -> None:
    """Leave the first *size* bytes."""
    path.write_bytes(path.read_bytes()[:size])


def overwrite(path: Path, start: int) -> None:
    """Put zeros over everything from *start* on."""
    data = path.read_bytes()
    path.write_bytes(data[:start] + bytes(len(data) - start))


def page_of(path: Path) -> int:
    """Return the size of the file's pages. Source: sqlite.org/fileformat2 (the header)."""
    return int.from_bytes(path.read_bytes()[16:18])


DAMAGES: dict[str, tuple[Callable[[Path], object], int]] = {
    "missing": (lambda path: path.unlink(), ERROR_FILE_NOT_FOUND),
    "empty": (lambda path: path.write_bytes(b""), ERROR_FILE_CORRUPT),
    "a text": (lambda path: path.write_text("this was a database\n" * 99), ERROR_FILE_CORRUPT),
    "somebody else's": (other_database, ERROR_INVALID_DATA),
    "without a table": (without_a_table, ERROR_FILE_CORRUPT),
    "cut in the header": (lambda path: cut(path, HEADER - 1), ERROR_FILE_CORRUPT),
    "cut behind the header": (lambda path: cut(path, HEADER), ERROR_FILE_CORRUPT),
    "cut in half": (lambda path: cut(path, path.stat().st_size // 2), ERROR_FILE_CORRUPT),
    "a byte short": (lambda path: cut(path, path.stat().st_size - 1), ERROR_FILE_CORRUPT),
    "zeros": (lambda path: overwrite(path, 0), ERROR_FILE_CORRUPT),
    "zeros behind the header": (lambda path: overwrite(path, HEADER), ERROR_FILE_CORRUPT),
    "zeros in the last page": (
        lambda path: overwrite(path, path.stat().st_size - page_of(path)),
        ERROR_FILE_CORRUPT,
    ),
    "zeros in the second half": (
        lambda path: overwrite(path, path.stat().st_size // 2),
        ERROR_FILE_CORRUPT,
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_database_of_a_ca_is_refused_and_left_as_it_is(
    tmp_path: Path, whole: Path, damage: str
) -> None:
    """A CA that is opened says so, and so does the start of one that had been opened before."""
    folder = tmp_path / "ca"
    shutil.copytree(whole, folder)
    early, database = reopen(folder), folder / "database.sqlite"
    spoil, code = DAMAGES[damage]
    spoil(database)
    before = everything(folder)
    for call in (lambda: reopen(folder), lambda: reopen(folder, read_only=True), early.start):
        error = told(call)
        assert error is not None
        assert error.hresult == signed(code)
        assert str(database) in error.strerror
    assert not early.running
    assert everything(folder) == before


def read_all(folder: Path) -> None:
    """Read whatever can be read of a CA."""
    looking = CertificationAuthority.open(folder, read_only=True)
    calls: list[Callable[[], object]] = [
        lambda: list(map(str, looking.journal)),
        lambda: looking.event_log,
        looking.crl,
        *(
            lambda name=name: list(looking.view(name))  # type: ignore[misc]
            for name in ("request", "extension", "attribute", "crl")
        ),
        lambda: list(looking.view(where=[("Request.Disposition", "=", PENDING)])),
        lambda: list(looking.view(order_by="-SerialNumber")),
    ]
    for call in calls:
        told(call)


@few_or_many(60, 2_000)
def test_wherever_a_byte_is_wrong_reading_ends_in_an_answer_or_in_one_line(
    tmp_path: Path, whole: Path, count: int
) -> None:
    """At any place of the file, and the file is not changed by it."""
    folder = tmp_path / "ca"
    shutil.copytree(whole, folder)
    database = folder / "database.sqlite"
    sound, others = database.read_bytes(), sorted(everything(folder))
    chance = random.Random(SEED)  # noqa: S311  (it chooses places)
    for place in chance.sample(range(len(sound)), count):
        spoilt = bytearray(sound)
        spoilt[place] ^= chance.randrange(1, 256)
        database.write_bytes(spoilt)
        told(lambda: read_all(folder))
        assert database.read_bytes() == spoilt
        assert sorted(everything(folder)) == others


def test_a_damaged_list_is_told_and_the_next_one_is_whole(tmp_path: Path, whole: Path) -> None:
    """The CA goes on: it reads of a list what the table says and not what the list says."""
    folder = tmp_path / "ca"
    shutil.copytree(whole, folder)
    database = folder / "database.sqlite"
    raw = reopen(folder).crl().public_bytes(Encoding.DER)
    database.write_bytes(database.read_bytes().replace(raw, bytes(len(raw))))
    with refused(ERROR_FILE_CORRUPT, "CRL 1 of the database is damaged: publish the next one"):
        reopen(folder).crl()
    with reopen(folder) as ca:
        ca.publish_crls()
        assert len(ca.crl()) == 1
