"""Requests on a CA in a folder: submit, retrieve, resubmit, deny, and what is set meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.cli.folder_kit import Home, openssl
from tests.requests_kit import make_badly_signed_csr, make_csr

DENIED, BAD_STATUS = "0x80094014", "0x80094003 (CERTSRV_E_BAD_REQUESTSTATUS)"
NOT_THERE = "0x80094004 (CERTSRV_E_PROPERTY_EMPTY)"


def written(path: Path, content: bytes) -> str:
    """Write a file and return its name."""
    path.write_bytes(content)
    return str(path)


def test_an_issued_request_is_told_as_certreq_does(home: Home, tmp_path: Path) -> None:
    """The id stands bare and quoted, then one line says what came of it."""
    first, second, outcome, serial = home.lines("submit", written(tmp_path / "web.csr", make_csr()))
    assert (first, second) == ("RequestId: 1", 'RequestId: "1"')
    assert outcome == "Certificate retrieved(Issued) Issued"
    assert serial.startswith("Serial Number: ")
    assert serial.endswith("000000000001")


def test_a_pending_request_is_told_as_certreq_does(officers: Home, tmp_path: Path) -> None:
    """Waiting for an officer is no failure."""
    lines = officers.lines("submit", written(tmp_path / "web.csr", make_csr()))
    assert lines[2].startswith("Certificate request is pending: ")
    assert lines[2].endswith(" (0)")
    assert len(lines) == 3


def test_a_denied_request_fails_with_its_status(found: Callable[..., Home], tmp_path: Path) -> None:
    """The third form of the outcome line, and a command that failed with the request's code."""
    home = found("--config", r"policy\RequestDisposition=2")
    ran = home("submit", written(tmp_path / "web.csr", make_csr()))
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[2].startswith("Certificate not issued (Denied) ")
    assert DENIED in lines[2]
    assert len(lines) == 3
    assert ran.err.startswith(f"certsim: submit command FAILED: {DENIED} ")


def test_a_badly_signed_request_is_an_error(home: Home, tmp_path: Path) -> None:
    """The document holds both the outcome and why the command failed."""
    name = written(tmp_path / "bad.csr", make_badly_signed_csr())
    document = home.document("submit", name)
    assert document["result"]["disposition"] == "ERROR"
    assert (document["hresult"], document["symbol"]) == ("0x80090006", "NTE_BAD_SIGNATURE")
    assert document["result"]["request_id"] == 1


def test_out_writes_a_certificate_that_openssl_verifies(home: Home, tmp_path: Path) -> None:
    """`--out` is PEM, signed by what cacert writes."""
    out, root = tmp_path / "web.cer", tmp_path / "root.cer"
    home.lines("submit", written(tmp_path / "web.csr", make_csr()), "--out", str(out))
    home.lines("cacert", str(root))
    pem = tmp_path / "root.pem"
    openssl("x509", "-inform", "DER", "-in", str(root), "-out", str(pem))
    assert openssl("verify", "-CAfile", str(pem), str(out)).endswith("OK\n")


def test_out_replaces_a_file_only_by_force(home: Home, tmp_path: Path) -> None:
    """A file that is there stops the request before it is handed in."""
    out = tmp_path / "web.cer"
    request = written(tmp_path / "web.csr", make_csr())
    out.write_text("mine")
    failed, told = home.failure("submit", request, "--out", str(out))
    assert "ERROR_FILE_EXISTS" in failed
    assert "--force" in told
    assert out.read_text() == "mine"
    assert home.document("retrieve", "1")["symbol"] == "CERTSRV_E_PROPERTY_EMPTY"
    home.lines("submit", request, "--out", str(out), "--force")
    assert out.read_text().startswith("-----BEGIN CERTIFICATE-----\n")


def test_attributes_and_account_arrive(officers: Home) -> None:
    r"""`\n` as two characters parts two attributes; `--as` names the requester."""
    officers.submit("www.example.test", "--attrib", r"One:1\nTwo:2", "--as", r"CONTOSO\alice")
    rows = officers.result("view", "attrib")["rows"]
    assert {(row["AttributeName"], row["AttributeValue"]) for row in rows} == {
        ("One", "1"),
        ("Two", "2"),
    }
    (row,) = officers.result("view", "--out", "Request.RequesterName")["rows"]
    assert row == {"Request.RequesterName": r"CONTOSO\alice"}


def test_a_folder_of_requests_is_handed_in_whole(home: Home, tmp_path: Path) -> None:
    """Each file by its name, hidden ones and folders left out; certificates go into a folder."""
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    (inbox / "inside").mkdir(parents=True)
    out.mkdir()
    (inbox / ".hidden").write_bytes(b"x")
    for name in ("b", "a", "c"):
        (inbox / f"{name}.csr").write_bytes(make_csr(f"{name}.example.test"))
    *lines, last = home.lines("submit", str(inbox), "--out", str(out))
    assert [line.partition(": ")[0] for line in lines] == [
        str(inbox / f"{name}.csr") for name in "abc"
    ]
    assert last == "3 ISSUED"
    names = {
        path.name: x509.load_pem_x509_certificate(path.read_bytes()).subject.rfc4514_string()
        for path in out.iterdir()
    }
    assert names == {
        "1.cer": "CN=a.example.test",
        "2.cer": "CN=b.example.test",
        "3.cer": "CN=c.example.test",
    }


def test_one_bad_file_does_not_keep_the_others_back(home: Home, tmp_path: Path) -> None:
    """The command fails with the first code, and tells what became of each."""
    names = [
        written(tmp_path / "a.csr", make_csr()),
        str(tmp_path / "missing.csr"),
        written(tmp_path / "b.csr", make_badly_signed_csr()),
        written(tmp_path / "c.csr", make_csr("c.example.test")),
    ]
    document = home.document("submit", *names)
    assert [one["file"] for one in document["result"]] == names
    assert [one["outcome"] and one["outcome"]["disposition"] for one in document["result"]] == [
        "ISSUED",
        None,
        "ERROR",
        "ISSUED",
    ]
    assert [bool(one["error"]) for one in document["result"]] == [False, True, False, False]
    assert document["symbol"] == "ERROR_FILE_NOT_FOUND"
    assert document["message"].startswith("2 of 4 requests failed")


def test_the_lines_on_many_requests_end_in_a_tally(home: Home, tmp_path: Path) -> None:
    """People get a line a file, and the sum at the end even if some failed."""
    names = [
        written(tmp_path / "a.csr", make_csr()),
        written(tmp_path / "b.csr", make_badly_signed_csr()),
        str(tmp_path / "missing.csr"),
    ]
    ran = home("submit", *names)
    assert ran.status == 1
    assert ran.out.splitlines()[-1] == "1 ERROR, 1 ISSUED, 1 NOT DECIDED"


def test_an_answer_is_told_though_its_certificate_cannot_be_written(
    home: Home, tmp_path: Path
) -> None:
    """The certificate exists, and its request's id is what fetches it."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "1.cer").write_text("mine")
    names = [written(tmp_path / f"{name}.csr", make_csr(f"{name}.test")) for name in "ab"]
    document = home.document("submit", *names, "--out", str(out))
    first, second = document["result"]
    assert (first["outcome"]["request_id"], first["outcome"]["disposition"]) == (1, "ISSUED")
    assert "1.cer is there already" in first["error"]["message"]
    assert (second["outcome"]["request_id"], second["error"]) == (2, None)
    assert document["symbol"] == "ERROR_FILE_EXISTS"
    assert (out / "1.cer").read_text() == "mine"
    assert (out / "2.cer").read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_a_folder_for_certificates_has_to_be_there(home: Home, tmp_path: Path) -> None:
    """It is looked for before anything is handed in."""
    names = [written(tmp_path / f"{name}.csr", make_csr(f"{name}.test")) for name in "ab"]
    failed, _ = home.failure("submit", *names, "--out", str(tmp_path / "nowhere"))
    assert "ERROR_PATH_NOT_FOUND" in failed
    assert home.result("view")["rows"] == []


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("missing.csr", "ERROR_FILE_NOT_FOUND"), ("a\0b", "ERROR_BAD_PATHNAME")],
)
def test_a_request_file_that_cannot_be_read_fails(
    name: str, symbol: str, home: Home, tmp_path: Path
) -> None:
    """The line names the file, and nothing reaches the CA."""
    failed, told = home.failure("submit", str(tmp_path / name))
    assert symbol in failed
    assert name.replace("\0", r"\x00") in told


@pytest.mark.parametrize(("size", "over"), [(131_072, False), (131_073, True)])
def test_a_file_over_the_limit_is_not_handed_in(
    size: int, over: bool, home: Home, tmp_path: Path
) -> None:
    """No request is longer; one byte more is told and reaches no CA."""
    name = written(tmp_path / "large.csr", b"A" * size)
    assert ("is over 131,072 bytes" in home.failure("submit", name)[1]) == over


def test_an_empty_folder_fails(home: Home, tmp_path: Path) -> None:
    """Nothing to hand in is told, not passed over."""
    (tmp_path / "empty").mkdir()
    assert "no files in folder" in home.failure("submit", str(tmp_path / "empty"))[1]


def test_retrieve_by_id_and_by_serial_number(home: Home, tmp_path: Path) -> None:
    """Both ways lead to the same certificate; digits may be typed as other tools print them."""
    serial = home.submit()["serial_number"]
    spaced = ":".join(serial.upper()[i : i + 2] for i in range(0, len(serial), 2))
    by_id, by_serial = home.result("retrieve", "1"), home.result("retrieve", spaced)
    assert by_id == by_serial
    assert by_id["serial_number"] == serial
    out = tmp_path / "again.cer"
    home.lines("retrieve", "1", "--out", str(out))
    assert out.read_text().split() == by_id["certificate"].split()


@pytest.mark.parametrize("which", ["99", "61000000990000000099"])
def test_retrieving_what_is_not_there_fails(which: str, home: Home) -> None:
    """The documented code for an unknown request."""
    assert NOT_THERE in home.failure("retrieve", which)[0]


def test_retrieving_by_neither_is_wrong_usage(home: Home) -> None:
    """A text that is neither an id nor hexadecimal is no question to a CA."""
    assert "is no serial number" in home.refused("retrieve", "first")


def test_resubmit_issues_what_was_pending(officers: Home) -> None:
    """An officer approves, the client fetches."""
    officers.submit()
    lines = officers.lines("resubmit", "1")
    assert lines[2].startswith("Certificate retrieved(Issued) ")
    assert lines[2].endswith(r"Resubmitted by CERTSIM\officer")
    assert officers.result("retrieve", "1")["disposition"] == "ISSUED"
    assert BAD_STATUS in officers.failure("resubmit", "1")[0]


def test_deny_says_no_more_than_that_it_is_done(officers: Home) -> None:
    """As with certutil there is the completed line alone; then the request is denied."""
    officers.submit()
    assert officers.lines("deny", "1", "--as", r"CONTOSO\officer") == []
    document = officers.document("retrieve", "1")
    assert document["result"]["disposition"] == "DENIED"
    assert "CONTOSO" in document["result"]["message"]
    assert BAD_STATUS in officers.failure("deny", "1")[0]
    assert NOT_THERE in officers.failure("deny", "7")[0]


def test_attributes_are_set_on_a_pending_request(officers: Home) -> None:
    """An officer's attributes join those that came with the request."""
    officers.submit("www.example.test", "--attrib", "One:1")
    assert officers.lines("setattributes", "1", r"Two:2\nThree:3") == []
    rows = officers.result("view", "attrib")["rows"]
    assert {row["AttributeName"] for row in rows} == {"One", "Two", "Three"}


MOMENT = datetime(2030, 1, 31, 12, 30, tzinfo=UTC)
EXTENSIONS: dict[str, tuple[str, bytes]] = {
    "a number": ("256", bytes.fromhex("02020100")),
    "hexadecimal": ("0x10", bytes.fromhex("020110")),
    "a text": ("Hello", b"\x16\x05Hello"),
    "a date": ("2030-01-31T12:30+00:00", b"\x17\x0d300131123000Z"),
}


@pytest.mark.parametrize("case", EXTENSIONS)
def test_an_extension_is_set_from_what_certutil_takes(case: str, officers: Home) -> None:
    """Numbers become INTEGERs, dates times, all else a text."""
    text, encoded = EXTENSIONS[case]
    officers.submit()
    officers.lines("setextension", "1", "1.2.3.4", "1", text)
    officers.lines("resubmit", "1")
    extension = _extension(officers, "1.2.3.4")
    assert extension.critical
    assert extension.value.public_bytes() == encoded


@pytest.mark.parametrize("content", [b"\x04\x02\x00\xff", b"04 02\n00 FF\n"])
def test_an_extension_is_set_from_a_file(content: bytes, officers: Home, tmp_path: Path) -> None:
    """A file holds the encoded value, as bytes or as a dump of them."""
    officers.submit()
    name = written(tmp_path / "value.bin", content)
    officers.lines("setextension", "1", "1.2.3.4", "0", f"@{name}")
    officers.lines("resubmit", "1")
    extension = _extension(officers, "1.2.3.4")
    assert not extension.critical
    assert extension.value.public_bytes() == b"\x04\x02\x00\xff"


def test_a_disabled_extension_is_left_out(officers: Home) -> None:
    """Flag 2 keeps it from the certificate."""
    officers.submit()
    officers.lines("setextension", "1", "1.2.3.4", "2", "5")
    officers.lines("resubmit", "1")
    with pytest.raises(x509.ExtensionNotFound):
        _extension(officers, "1.2.3.4")


def _extension(home: Home, oid: str) -> Any:
    pem = home.result("retrieve", "1")["certificate"]
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(oid))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("resubmit", ("0",)),
        ("resubmit", ("one",)),
        ("deny", ("2147483648",)),
        ("setextension", ("1", "1.2.3.4", "4", "x")),
        ("setattributes", ("1",)),
        ("submit", ()),
    ],
)
def test_wrong_arguments_are_wrong_usage(name: str, arguments: tuple[str, ...], home: Home) -> None:
    """What cannot be meant is refused before the CA is started."""
    assert ": error: " in home.refused(name, *arguments)
