"""The default exit module: when a certificate becomes a file, which one, and what is in the way.

Files are real. Flags, names of values and codes are written out by their published numbers, and
what is in a file is read by `openssl`.
Source: the exit sample; certsrv.h (EXITPUB constants); winerror.h.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from certsim import CertificationAuthority, Sources
from certsim._engine.journal import Loading
from certsim.exits import Default
from certsim.registry import RegistryValue
from tests.codes import (
    E_INVALIDARG,
    ERROR_BAD_PATHNAME,
    ERROR_PATH_NOT_FOUND,
    ERROR_WRITE_FAULT,
    ISSUED,
    ON_ISSUED,
    refused,
    signed,
)
from tests.marks import needs_openssl
from tests.requests_kit import make_csr

SPEC = "certsim.exits:Default"
PROGID = "CertificateAuthority_MicrosoftDefault.Exit"
FILE, DIRECTORY, REMOVE_OLD = 1, 2, 0x10
ERROR_FILE_EXISTS = 0x80070050
PLEASE = "CertFile:true"
ROOT = Path(__file__).parents[2]
posix_only = pytest.mark.skipif(os.name == "nt", reason="about files of POSIX systems")


def authority(
    folder: Path | str | None,
    flags: RegistryValue | None = FILE,
    module: object = SPEC,
    **config: RegistryValue,
) -> CertificationAuthority:
    """Return a stopped CA with the *module*, whose key holds *folder*, *flags* and *config*."""
    values = {"CertEnrollDirectory": folder and str(folder), "PublishCertFlags": flags, **config}
    return CertificationAuthority(
        "Test CA",
        exit_modules=[module],
        sources=Sources.seeded(1),
        config={rf"exit\{name}": value for name, value in values.items() if value is not None},
    )


def names(folder: Path) -> list[str]:
    """Return the names of all that is in *folder*."""
    return sorted(path.name for path in folder.iterdir())


def failures(ca: CertificationAuthority) -> list[tuple[int, str, int, int | None]]:
    """Return what the event log tells: id, method, HRESULT, request."""
    return [(one.event_id, one.method, one.hresult, one.request_id) for one in ca.event_log]


def failure(ca: CertificationAuthority, code: int) -> str:
    """Return the words of the one failure to publish request 1, which has the HRESULT *code*."""
    assert failures(ca) == [(46, "Notify", signed(code), 1)]
    return ca.event_log[0].text


# What it says of itself


def test_it_is_known_by_windows_names() -> None:
    """Its ProgID, its description and its events are those that are documented."""
    with authority(None) as ca:
        assert ca.exit_modules == (PROGID,)
        masks = [(e.module, e.mask) for e in ca.journal if isinstance(e, Loading)]
        ca.submit(make_csr(), attributes=PLEASE)
    assert (PROGID, ON_ISSUED) in masks
    assert [entry.module for entry in ca.event_log] == ["Windows default"]


# When a certificate becomes a file


@pytest.mark.parametrize("attributes", ["", PLEASE])
@pytest.mark.parametrize(
    "flags", [None, 0, FILE, DIRECTORY, FILE | DIRECTORY, REMOVE_OLD, REMOVE_OLD | FILE]
)
def test_the_flag_and_the_attribute_have_to_agree(
    flags: int | None, attributes: str, tmp_path: Path
) -> None:
    """A file is written when the operator allows it and the client asks for it, and only then."""
    with authority(tmp_path, flags) as ca:
        ca.submit(make_csr(), attributes=attributes)
    wanted = flags is not None and flags & FILE and attributes
    assert names(tmp_path) == (["1.cer"] if wanted else [])
    assert ca.event_log == ()


@pytest.mark.parametrize(
    "attributes",
    [
        "CertFile:true",
        "certfile:false",
        "CERTFILE: 0",
        "Cert-File:x",
        r"CertFile:\\server\share\x.cer",
        "CertFile:../../x.cer",
        "CertFile:/etc/x.cer",
        "CertFile:CON",
    ],
)
def test_only_that_the_attribute_is_there_counts(attributes: str, tmp_path: Path) -> None:
    """Whatever the attribute says, and however its name is spelled, the file is `1.cer`."""
    folder = tmp_path / "published"
    folder.mkdir()
    with authority(folder) as ca:
        ca.submit(make_csr(), attributes=attributes)
    assert [path.name for path in tmp_path.rglob("*")] == ["published", "1.cer"]


@pytest.mark.parametrize("attributes", ["", "CertFile", "CertFile:", "NoCertFile:x", "Cert:File"])
def test_without_the_attribute_there_is_no_file(attributes: str, tmp_path: Path) -> None:
    """A broken line, an empty value and a name that only resembles it ask for nothing."""
    with authority(tmp_path) as ca:
        ca.submit(make_csr(), attributes=attributes)
    assert names(tmp_path) == []


def test_a_pending_request_is_written_when_it_is_approved(tmp_path: Path) -> None:
    """The attribute may come from an officer, and the file comes with the certificate."""
    with authority(tmp_path) as ca:
        ca.set_config(r"policy\RequestDisposition", 0)
    with ca:
        ca.submit(make_csr())
        ca.set_request_attributes(1, PLEASE)
        assert names(tmp_path) == []
        outcome = ca.resubmit(1)
    assert (tmp_path / "1.cer").read_bytes() == outcome.raw_certificate


def test_nothing_but_an_issue_writes(tmp_path: Path) -> None:
    """A denied request, a revocation, an import, a CRL and a renewal leave no file."""
    with authority(tmp_path) as ca:
        issued = ca.submit(make_csr())
        assert issued.certificate is not None
        assert issued.serial_number is not None
    with authority(tmp_path) as other:
        other.set_config(r"policy\RequestDisposition", 2)
        other.set_config(r"ca\KRAFlags", 1)
    with other:
        other.submit(make_csr(), attributes=PLEASE)
        other.import_certificate(issued.certificate, allow_foreign=True)
        other.publish_crls()
        other.renew()
    with ca:
        ca.revoke(issued.serial_number)
    assert names(tmp_path) == []
    assert (ca.event_log, other.event_log) == ((), ())


# What is in the file


@needs_openssl
def test_the_file_is_the_certificate_itself(tmp_path: Path) -> None:
    """`openssl` reads DER from it, with the serial number that the client was told."""
    with authority(tmp_path) as ca:
        serials = [ca.submit(make_csr(), attributes=PLEASE).serial_number for _ in range(3)]
    told = [
        subprocess.run(
            ["openssl", "x509", "-inform", "DER", "-in", tmp_path / name, "-noout", "-serial"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in ("1.cer", "2.cer", "3.cer")
    ]
    assert told == [f"serial={serial}\n".upper().replace("SERIAL", "serial") for serial in serials]


@posix_only
def test_everybody_may_read_the_file_and_nobody_else_write(tmp_path: Path) -> None:
    """The mode is 644 less what the process withholds, even where that is nothing."""
    before = os.umask(0)
    try:
        with authority(tmp_path) as ca:
            ca.submit(make_csr(), attributes=PLEASE)
            os.umask(0o077)
            ca.submit(make_csr(), attributes=PLEASE)
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o7777 for name in ("1.cer", "2.cer")] == [
        0o644,
        0o600,
    ]


# When the values count


def test_a_changed_flag_counts_from_the_next_start(tmp_path: Path) -> None:
    """The key is read when the module is initialised."""
    with authority(tmp_path, 0) as ca:
        ca.set_config(r"exit\PublishCertFlags", FILE)
        ca.submit(make_csr(), attributes=PLEASE)
        assert names(tmp_path) == []
    with ca:
        ca.submit(make_csr(), attributes=PLEASE)
    assert names(tmp_path) == ["2.cer"]


def test_each_ca_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """Of two CAs of one name that run at once each writes where its own key says."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    with authority(folders[0]) as one, authority(folders[1]) as other:
        one.submit(make_csr(), attributes=PLEASE)
        other.submit(make_csr())
        other.submit(make_csr(), attributes=PLEASE)
    assert [names(folder) for folder in folders] == [["1.cer"], ["2.cer"]]


# What stands in the way


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """ERROR_FILE_EXISTS is logged, the certificate is issued, and the next one is written."""
    (tmp_path / "1.cer").write_bytes(b"precious")
    with authority(tmp_path) as ca:
        assert ca.submit(make_csr(), attributes=PLEASE).certificate is not None
        ca.submit(make_csr(), attributes=PLEASE)
        assert [row["Request.Disposition"] for row in ca.view("log")] == [ISSUED, ISSUED]
    assert str(tmp_path / "1.cer") in failure(ca, ERROR_FILE_EXISTS)
    assert (tmp_path / "1.cer").read_bytes() == b"precious"
    assert names(tmp_path) == ["1.cer", "2.cer"]


@posix_only
def test_no_planted_link_is_written_through(tmp_path: Path) -> None:
    """A link at the file's name counts as a file, even if it leads nowhere yet."""
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "1.cer").symlink_to(tmp_path / "elsewhere")
    with authority(folder) as ca:
        ca.submit(make_csr(), attributes=PLEASE)
    failure(ca, ERROR_FILE_EXISTS)
    assert names(tmp_path) == ["published"]


@pytest.mark.parametrize("folder", ["missing", "missing/deeper", "file"])
def test_a_folder_that_is_none_is_told(folder: str, tmp_path: Path) -> None:
    """No folder is made: that would hide a wrong path."""
    (tmp_path / "file").write_bytes(b"")
    with authority(tmp_path / folder) as ca:
        ca.submit(make_csr(), attributes=PLEASE)
    assert str(tmp_path / folder / "1.cer") in failure(ca, ERROR_PATH_NOT_FOUND)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("folder", [None, ""])
def test_without_a_folder_the_log_says_what_to_set(folder: str | None) -> None:
    """A CA in memory has no folder of published files until its key names one."""
    with authority(folder) as ca:
        ca.submit(make_csr(), attributes=PLEASE)
    assert "set CertEnrollDirectory" in failure(ca, ERROR_PATH_NOT_FOUND)


@pytest.mark.parametrize("end", ["\x00", "\ud800"])
def test_a_path_that_cannot_be_is_told(end: str, tmp_path: Path) -> None:
    """A character that no file system takes is ERROR_BAD_PATHNAME, and the line stays a line."""
    with authority(f"{tmp_path}{os.sep}{end}") as ca:
        ca.submit(make_csr(), attributes=PLEASE)
    failure(ca, ERROR_BAD_PATHNAME)
    assert str(ca.event_log[0]).isprintable()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PublishCertFlags", "1"),
        ("PublishCertFlags", b"\x01\x00\x00\x00"),
        ("PublishCertFlags", ["1"]),
        ("CertEnrollDirectory", 1),
        ("CertEnrollDirectory", b"/srv"),
        ("CertEnrollDirectory", ["/srv"]),
        ("CertEnrollDirectory", "CertEnroll"),
        ("CertEnrollDirectory", "./CertEnroll"),
        ("CertEnrollDirectory", "~/CertEnroll"),
    ],
)
def test_a_value_that_cannot_be_keeps_the_module_out(name: str, value: RegistryValue) -> None:
    """The log names the value, and the CA runs without the module; no path is taken as relative."""
    with authority(None, **{name: value}) as ca:
        outcome = ca.submit(make_csr(), attributes=PLEASE)
    assert outcome.certificate is not None
    assert failures(ca) == [(46, "Initialize", signed(E_INVALIDARG), None)]
    assert ca.event_log[0].text.startswith(f"{name} is ")


_WRITE_TOO_MUCH = """
import resource, sys
import certsim
from tests.requests_kit import make_csr
config = {r"exit\\PublishCertFlags": 1, r"exit\\CertEnrollDirectory": sys.argv[1]}
with certsim.CertificationAuthority(exit_modules=["certsim.exits:Default"], config=config) as ca:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    outcome = ca.submit(make_csr(), attributes="CertFile:true")
print(int(outcome.disposition), [f"{entry.hresult & 0xFFFFFFFF:08X}" for entry in ca.event_log])
"""


@posix_only
def test_a_file_that_could_not_be_finished_is_removed(tmp_path: Path) -> None:
    """When the disk takes a part of a certificate only, nobody finds that part."""
    ran = subprocess.run(
        [sys.executable, "-c", _WRITE_TOO_MUCH, tmp_path],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout == f"3 ['{ERROR_WRITE_FAULT:08X}']\n"
    assert names(tmp_path) == []


def test_a_read_that_fails_is_not_taken_for_a_missing_attribute() -> None:
    """What the server answers for another reason than an empty value goes on to the caller."""
    module = Default()
    with authority("/srv", module=module), refused(E_INVALIDARG):
        module.Notify(ON_ISSUED, 0)  # the CA's own context, where no request can be read
