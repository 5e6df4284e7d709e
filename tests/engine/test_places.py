"""Places as files: which path a place means, how a file is written, and what errors become.

Files are real. A missing right is hard to arrange for a superuser, so what stands in the way is a
file in place of a folder or a folder in place of a file.
Source: RFC 8089 (file URLs); winerror.h; docs/rulings.md (CRLs).
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from certsim._engine import places
from certsim.errors import code_of
from tests.codes import (
    E_ACCESSDENIED,
    ERROR_BAD_PATHNAME,
    ERROR_DISK_FULL,
    ERROR_PATH_NOT_FOUND,
    ERROR_WRITE_FAULT,
    signed,
)
from tests.engine import publishing_kit as kit
from tests.engine.places_kit import BADURL, FILE, FTP, HTTP, LDAP, PLAIN, posix_only, statuses

# Paths


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("/srv/ca.crl", "/srv/ca.crl"),
        ("here/ca.crl", "here/ca.crl"),
        ("/srv/50%41.crl", "/srv/50%41.crl"),
        ("file:///srv/ca.crl", "/srv/ca.crl"),
        ("FILE:///srv/ca.crl", "/srv/ca.crl"),
        ("file:/srv/ca.crl", "/srv/ca.crl"),
        ("file://localhost/srv/ca.crl", "/srv/ca.crl"),
        ("file://LocalHost/srv/ca.crl", "/srv/ca.crl"),
        ("file:///srv/a%20b%2B.crl", "/srv/a b+.crl"),
        ("file:///srv/ca%281%29.crl#", "/srv/ca(1).crl#"),
        ("file://server/share/ca.crl", None),
        ("file:///C:/CertEnroll/ca.crl", None),
        (r"C:\CertEnroll\ca.crl", None),
        (r"\\server\share\ca.crl", None),
    ],
)
def test_a_place_means_this_path(place: str, path: str | None) -> None:
    """Away from Windows there are no drives, and no other machines."""
    assert places.local_path(place, windows=False) == path


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (r"C:\CertEnroll\ca.crl", r"C:\CertEnroll\ca.crl"),
        (r"\\server\share\ca.crl", r"\\server\share\ca.crl"),
        ("file:///C:/Cert%20Enroll/ca.crl", "C:/Cert Enroll/ca.crl"),
        ("file://server/share/ca.crl", "//server/share/ca.crl"),
        (r"file://\\server\share\ca.crl", "//server/share/ca.crl"),
        ("file://localhost/C:/ca.crl", "C:/ca.crl"),
    ],
)
def test_on_windows_a_place_may_be_a_drive_or_a_share(place: str, path: str) -> None:
    """Drives, shares and hosts in file URLs become the paths that Windows knows."""
    assert places.local_path(place, windows=True) == path


# Files


def test_a_file_has_the_list_and_its_folder_nothing_else(tmp_path: Path) -> None:
    """The bytes are those of the result, and nothing is left of writing them."""
    with kit.make_ca(lines=[PLAIN.format(tmp_path)]) as ca:
        base, delta = ca.publish_crls()
    assert (tmp_path / "Test CA.crl").read_bytes() == base.raw
    assert (tmp_path / "Test CA+.crl").read_bytes() == delta.raw
    assert kit.names(tmp_path) == ["Test CA+.crl", "Test CA.crl"]


def test_a_reader_keeps_the_list_it_began_to_read(tmp_path: Path) -> None:
    """A new list takes the old one's place and does not change it under a reader."""
    with kit.make_ca(lines=[PLAIN.format(tmp_path)]) as ca:
        (first,) = ca.publish_crls(delta=False)
        with (tmp_path / "Test CA.crl").open("rb") as reader:
            (second,) = ca.publish_crls(delta=False)
            assert reader.read() == first.raw
    assert (tmp_path / "Test CA.crl").read_bytes() == second.raw


@posix_only
def test_a_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    """A web server may read it if it may read what else is put there."""
    (tmp_path / "plain").touch()
    with kit.make_ca(lines=[PLAIN.format(tmp_path)]) as ca:
        ca.publish_crls(delta=False)
    assert (tmp_path / "Test CA.crl").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_that_has_the_bytes_is_left_alone(tmp_path: Path) -> None:
    """The same bytes again do not touch the file; other bytes of that length replace it."""
    place = tmp_path / "ca.crl"
    assert places.write(str(place), b"one") == 0
    before = place.stat().st_ino
    assert places.write(str(place), b"one") == 0
    assert place.stat().st_ino == before
    assert places.write(str(place), b"two") == 0
    assert place.read_bytes() == b"two"


def test_a_relative_path_counts_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line with a bare file name writes where the process runs."""
    monkeypatch.chdir(tmp_path)
    with kit.make_ca(lines=["1:ca.crl"]) as ca:
        (base,) = ca.publish_crls(delta=False)
    assert (tmp_path / "ca.crl").read_bytes() == base.raw


# What cannot be written


@pytest.mark.parametrize(
    ("place", "code", "flag"),
    [
        ("http://www.test/ca.crl", ERROR_BAD_PATHNAME, HTTP),
        ("HTTP://www.test/ca.crl", ERROR_BAD_PATHNAME, HTTP),
        ("ftp://ftp.test/ca.crl", ERROR_BAD_PATHNAME, FTP),
        ("gopher://hole.test/ca.crl", ERROR_BAD_PATHNAME, BADURL),
        ("https://www.test/ca.crl", ERROR_BAD_PATHNAME, BADURL),
        ("ldap:///CN=ca", ERROR_BAD_PATHNAME, LDAP),
        ("{}/missing/ca.crl", ERROR_PATH_NOT_FOUND, FILE),
        ("{}/file/ca.crl", ERROR_PATH_NOT_FOUND, FILE),
        ("file://{}/missing/ca.crl", ERROR_PATH_NOT_FOUND, FILE),
        ("file://server/share/ca.crl", ERROR_PATH_NOT_FOUND, FILE),
        ("{}", E_ACCESSDENIED, FILE),
        ("file://{}/nul%00.crl", ERROR_BAD_PATHNAME, FILE),
        ("{}/half\ud800.crl", ERROR_BAD_PATHNAME, FILE),
        ("{}/" + "x" * 300, ERROR_BAD_PATHNAME, FILE),
    ],
)
@posix_only
def test_a_failure_has_its_code_and_its_flag(
    tmp_path: Path, place: str, code: int, flag: int
) -> None:
    """The result, the row and the event log tell the same; the list stands in the table."""
    (tmp_path / "file").touch()
    good = f"1:{tmp_path}/good.crl"
    with kit.make_ca(lines=[good, f"1:{place.format(tmp_path)}"], UseDS=1) as ca:
        (base,) = ca.publish_crls(delta=False, administrator=r"CORP\ann")
        assert [entry.hresult for entry in ca.event_log] == [signed(code)]
        assert kit.logged(ca) == [65]
    assert [found.hresult for found in base.locations] == [0, signed(code)]
    assert base.status == signed(code)
    (row,) = kit.table(ca)
    assert row.number("CRLPublishFlags") == kit.BASE | kit.MANUAL | flag
    assert row.number("CRLPublishStatusCode") == signed(code)
    assert row.columns["CRLPublishError"] == f"CORP\\ann -- 1\n\n{base.locations[1].place}"
    assert (tmp_path / "good.crl").read_bytes() == base.raw == row.raw


@posix_only
def test_only_a_plain_file_is_replaced(tmp_path: Path) -> None:
    """A pipe that a line happens to name survives."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with kit.make_ca(lines=[f"1:{pipe}"]) as ca:
        assert statuses(ca) == [signed(E_ACCESSDENIED)]
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOENT, ERROR_PATH_NOT_FOUND),
        (errno.ENOTDIR, ERROR_PATH_NOT_FOUND),
        (errno.EACCES, E_ACCESSDENIED),
        (errno.EPERM, E_ACCESSDENIED),
        (errno.EROFS, E_ACCESSDENIED),
        (errno.ENOSPC, ERROR_DISK_FULL),
        (errno.EDQUOT, ERROR_DISK_FULL),
        (errno.ENAMETOOLONG, ERROR_BAD_PATHNAME),
        (errno.EIO, ERROR_WRITE_FAULT),
        (errno.ELOOP, ERROR_WRITE_FAULT),
    ],
)
def test_an_error_of_the_system_becomes_windows_own(number: int, code: int) -> None:
    """Each errno has the HRESULT of the nearest Win32 error."""
    assert code_of(OSError(number, ""), making=True) == signed(code)


def test_on_windows_the_system_has_the_number_itself() -> None:
    """A Win32 error number is wrapped, whatever the errno beside it."""
    error = OSError(errno.EACCES, "")
    error.winerror = 32
    assert code_of(error) == signed(0x80070020)
