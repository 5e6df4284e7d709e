"""The showing commands as they are typed, on a CA in a folder."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from certsim import CertificationAuthority, ComError, Sources
from tests.requests_kit import make_csr

Run = Callable[..., Any]
EVIL = '=x\nRow 99:\r\n  Serial Number: "1"\x1b[2J\x9b31m\u202e,\u00fc'
SHOWING = (
    ("view",),
    ("view", "log"),
    ("view", "attrib"),
    ("view", "ext"),
    ("view", "crl"),
    ("schema",),
    ("cainfo",),
    ("cainfo", "cert"),
    ("log",),
    ("log", "--journal"),
    ("log", "--audit"),
    ("getreg",),
    ("getreg", "exit"),
    ("setreg", r"ca\Evil", EVIL),
    ("delreg", r"ca\Evil"),
)


class Failing:
    """Be an exit module that fails, and says so in hostile words."""

    def Initialize(self, strConfig: str) -> int:
        """Ask for issued certificates."""
        return 1

    def Notify(self, event: int, context: int) -> None:
        """Fail."""
        raise RuntimeError(EVIL)

    def GetDescription(self) -> str:
        """Say it."""
        return EVIL


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a CA with two certificates, one for a hostile name, and a CRL."""
    path = tmp_path_factory.mktemp("model") / "CA"
    ca = CertificationAuthority.create(
        path,
        "Test CA",
        sources=Sources.seeded(1),
        exit_modules=[Failing()],
        config={r"ca\AuditFilter": 0x7F, r"ca\Evil": EVIL},
    )
    with ca:
        ca.submit(make_csr("one.test"), attributes="Note:plain", requester=r"CONTOSO\alice")
        ca.submit(make_csr(EVIL), attributes=f"Note:\x1b[2J{EVIL[-8:]}", requester=EVIL)
        ca.publish_crls()
    return path


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    """Return a copy of the model, to do with as one likes."""
    return Path(shutil.copytree(model, tmp_path / "CA"))


@pytest.fixture
def running(folder: Path) -> Iterator[CertificationAuthority]:
    """Return the CA of the folder, running."""
    with CertificationAuthority.open(folder) as ca:
        yield ca


@pytest.mark.parametrize("words", SHOWING, ids=" ".join)
def test_each_ends_as_completed(run: Run, folder: Path, words: tuple[str, ...]) -> None:
    """The last line of output says so, and the exit status is 0."""
    ran = run(words[0], str(folder), *words[1:])
    assert (ran.status, ran.err) == (0, "")
    assert f"certsim: {words[0]} command completed successfully." in ran.out.splitlines()[-2:]


@pytest.mark.parametrize("words", SHOWING, ids=" ".join)
def test_nothing_forges_a_line(run: Run, folder: Path, words: tuple[str, ...]) -> None:
    """Whatever is in the database, registry and logs prints as text on its own line."""
    ran = run(words[0], str(folder), *words[1:])
    assert [char for char in ran.out + ran.err if not char.isprintable() and char != "\n"] == []
    assert "Row 99:" not in ran.out.splitlines()


@pytest.mark.parametrize("words", SHOWING, ids=" ".join)
def test_each_is_a_document(run: Run, folder: Path, words: tuple[str, ...]) -> None:
    """With --json there is one document, in ASCII, and nothing else."""
    ran = run(words[0], str(folder), *words[1:], "--json")
    assert ran.status == 0
    assert ran.out.isascii()
    found = json.loads(ran.out)
    assert (found["command"], found["ok"]) == (words[0], True)
    assert found["result"] is not None


def test_values_survive_in_json(run: Run, folder: Path) -> None:
    """A program gets what the request said, letter for letter."""
    ran = run("view", str(folder), "--out", "Request.CommonName,RequesterName", "--json")
    assert json.loads(ran.out)["result"]["rows"][1] == {
        "Request.CommonName": EVIL,
        "Request.RequesterName": EVIL,
    }


def test_csv_is_printable_in_a_pipe(run: Run, folder: Path) -> None:
    """What steers a terminal is escaped there too, and no ending line follows."""
    ran = run("view", str(folder), "--out", "RequestId,CommonName", "--format", "csv")
    rows = list(csv.reader(io.StringIO(ran.out, newline="")))
    head, first, (number, name) = rows
    assert (head, first, number) == (["RequestID", "CommonName"], ["1", "one.test"], "2")
    assert name.isprintable()
    assert name.encode("latin-1").decode("unicode_escape") == f"'{EVIL}"


def test_what_is_shown_is_what_is_stored(run: Run, folder: Path) -> None:
    """The rows are those that another reader of the file finds."""
    with closing(sqlite3.connect(folder / "database.sqlite")) as database:
        stored = database.execute("SELECT RequestID, SerialNumber FROM Certificate").fetchall()
    ran = run("view", str(folder), "--out", "RequestId,SerialNumber", "--format", "csv")
    rows = [line.split(",") for line in ran.out.splitlines()[1:]]
    assert [(int(number), serial) for number, serial in rows] == sorted(stored)


@pytest.mark.parametrize("words", [*SHOWING[:11], ("getreg",)], ids=" ".join)
def test_a_running_ca_can_be_looked_at(
    run: Run, folder: Path, running: CertificationAuthority, words: tuple[str, ...]
) -> None:
    """Reading commands wait for nobody and disturb nobody."""
    assert running.running
    assert run(words[0], str(folder), *words[1:]).status == 0


def test_what_the_running_ca_does_is_seen(
    run: Run, folder: Path, running: CertificationAuthority
) -> None:
    """A request that was answered a moment ago is in the view."""
    running.submit(make_csr("three.test"))
    ran = run("view", str(folder), "--restrict", "RequestId==$", "--out", "CommonName")
    assert '  Issued Common Name: "three.test"' in ran.out.splitlines()


def test_reading_leaves_no_trace(run: Run, folder: Path) -> None:
    """Looking changes no file of the folder."""

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    run("log", str(folder))
    before = contents()
    for words in SHOWING[:13]:
        run(words[0], str(folder), *words[1:])
    assert contents() == before


def test_setreg_stays(run: Run, folder: Path) -> None:
    """A change is in the folder for whoever opens it next, and the reminder comes last."""
    ran = run("setreg", str(folder), r"policy\EditFlags", "-EDITF_ATTRIBUTEENDDATE")
    assert ran.out.splitlines()[-1].startswith("Changes count when the CA starts")
    ca = CertificationAuthority.open(folder, read_only=True)
    flags = ca.get_config(r"policy\EditFlags")
    assert isinstance(flags, int)
    assert not flags & 0x20


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("view", "--out", "Color"), 2, "'Color' is no column here"),
        (("view", "--restrict", "x"), 2, "write a column"),
        (("view", "nonsense"), 2, "invalid choice"),
        (("view", "--limit", "-1"), 2, "argument --limit"),
        (("view", "--restrict", "RawName>00"), 1, "FAILED: 0x80070057 (E_INVALIDARG)"),
        (("getreg", r"ca\Nope"), 1, "FAILED: 0x80070002 (ERROR_FILE_NOT_FOUND)"),
        (("setreg", r"policy\EditFlags", "+EDITF_NOPE"), 2, "'EDITF_NOPE' is no bit of EditFlags"),
        (("setreg",), 2, "setreg takes PATH and VALUE"),
        (("delreg", r"ca\Nope"), 1, "there is no such value"),
        (("cainfo", "templates"), 1, "FAILED: 0x80094004 (CERTSRV_E_PROPERTY_EMPTY)"),
        (("cainfo", "nope"), 2, "is no property of a CA"),
        (("log", "--limit", "x"), 2, "is no number from 0 on"),
    ],
)
def test_what_goes_wrong_is_told(
    run: Run, folder: Path, words: tuple[str, ...], status: int, told: str
) -> None:
    """A slip is usage, a refusal a failure; both in words, neither with a traceback."""
    ran = run(words[0], str(folder), *words[1:])
    assert ran.status == status
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_error_needs_no_folder(run: Run) -> None:
    """A known code completes, an unknown one fails."""
    assert run("error", "-2146877436").status == 0
    ran = run("error", "0x80041234", "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["ok"], found["result"]["facility"]) == (1, False, 4)


def test_letters_that_the_output_lacks_are_escaped(spawn: Run, folder: Path) -> None:
    """On an output in ASCII nothing fails, in any format."""
    for form in ("list", "csv", "json"):
        ran = spawn(
            "view", str(folder), "--format", form, "--out", "CommonName",
            env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        )  # fmt: skip
        assert (ran.status, ran.err) == (0, "")
        assert r"\xfc" in ran.out or r"\u00fc" in ran.out


def test_a_folder_without_a_ca(run: Run, tmp_path: Path) -> None:
    """Every command on a folder says that there is none."""
    for words in SHOWING:
        ran = run(words[0], str(tmp_path), *words[1:])
        assert ran.status == 1
        assert "there is no CA in" in ran.err


def test_a_limit_leaves_nothing_open(run: Run, folder: Path) -> None:
    """Rows that are not fetched keep no hold of the database."""
    assert run("view", str(folder), "--limit", "1", "--out", "RequestId").status == 0
    with CertificationAuthority.open(folder) as ca:
        assert ca.submit(make_csr("four.test")).request_id == 3


def test_a_ca_opened_for_reading_starts_nothing(folder: Path) -> None:
    """What the reading commands open cannot be started."""
    with pytest.raises(ComError):
        CertificationAuthority.open(folder, read_only=True).start()
