"""Certificates and rows of a CA in a folder: revoke, check, import, delete; and CRLs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tests.cli.folder_kit import Home, openssl

INVALID_ARGUMENT, INVALID_DATA = "E_INVALIDARG", "ERROR_INVALID_DATA"
UNKNOWN = "6100000099000000000099"


@pytest.mark.parametrize(
    ("typed", "name", "words"),
    [
        ("1", "KEY_COMPROMISE", "Key Compromise"),
        ("0x2", "CA_COMPROMISE", "CA Compromise"),
        ("keyCompromise", "KEY_COMPROMISE", "Key Compromise"),
        ("CRL_REASON_SUPERSEDED", "SUPERSEDED", "Superseded"),
        ("Certificate Hold", "CERTIFICATE_HOLD", "Certificate Hold"),
        ("cessation-of-operation", "CESSATION_OF_OPERATION", "Cessation Of Operation"),
    ],
)
def test_a_reason_goes_by_number_or_by_any_of_its_names(
    typed: str, name: str, words: str, home: Home
) -> None:
    """The line tells the reason in words, and the database has it."""
    serial = home.submit()["serial_number"]
    assert home.lines("revoke", serial, typed) == [f'Revoking "{serial}" -- {words}']
    assert home.result("isvalid", serial) == {
        "serial_number": serial,
        "validity": "REVOKED",
        "reason": name,
    }


def test_several_certificates_are_revoked_at_once(home: Home) -> None:
    """Serial numbers stand between commas; without a reason it is unspecified."""
    serials = [home.submit(f"{name}.example.test")["serial_number"] for name in "ab"]
    assert home.result("revoke", ",".join(serials)) == [
        {"serial_number": serial, "reason": "UNSPECIFIED"} for serial in serials
    ]


def test_the_first_that_cannot_be_revoked_ends_the_command(home: Home) -> None:
    """Those before it stay revoked, and the document tells which."""
    first, last = (home.submit(f"{name}.example.test")["serial_number"] for name in "ab")
    document = home.document("revoke", f"{first},{UNKNOWN},{last}")
    assert [one["serial_number"] for one in document["result"]] == [first]
    assert document["symbol"] == INVALID_ARGUMENT
    assert home.result("isvalid", first)["validity"] == "REVOKED"
    assert home.result("isvalid", last)["validity"] == "VALID"


@pytest.mark.parametrize("release", ["-1", "Unrevoke", "RELEASE"])
def test_a_hold_is_released(release: str, home: Home) -> None:
    """Reason 6 can be taken back, by certutil's number and its word."""
    serial = home.submit()["serial_number"]
    home.lines("revoke", serial, "6")
    assert home.lines("revoke", serial, release) == [f'Revoking "{serial}" -- Unrevoke']
    assert home.lines("isvalid", serial) == [f'Certificate "{serial}" is valid']


def test_isvalid_has_three_answers(home: Home) -> None:
    """Valid, revoked and why, not issued here; none of them is a failure."""
    serial = home.submit()["serial_number"]
    assert home.lines("isvalid", serial.upper()) == [f'Certificate "{serial}" is valid']
    home.lines("revoke", serial, "4")
    assert home.lines("isvalid", serial) == [f'Certificate "{serial}" is revoked: Superseded']
    assert home.lines("isvalid", UNKNOWN) == [f'Certificate "{UNKNOWN}" was not issued here']


@pytest.mark.parametrize("arguments", [("xyz",), ("61", "7"), ("61", "because"), ("61,", "1")])
def test_what_is_no_serial_number_or_reason_is_wrong_usage(
    arguments: tuple[str, ...], home: Home
) -> None:
    """The message tells what there is."""
    assert ": error: " in home.refused("revoke", *arguments)


def test_a_deleted_certificate_is_imported_again(home: Home, tmp_path: Path) -> None:
    """DER and PEM are both taken; the second time it is there already."""
    pem = tmp_path / "web.cer"
    home.submit("www.example.test", "--out", str(pem))
    assert home.lines("deleterow", "1") == ["Rows deleted: 1"]
    assert home.lines("importcert", str(pem)) == ["RequestId: 2"]
    der = tmp_path / "web.der"
    openssl("x509", "-in", str(pem), "-outform", "DER", "-out", str(der))
    assert "0x80071392" in home.failure("importcert", str(der))[0]


def test_a_foreign_certificate_needs_a_switch(found: Callable[..., Home], tmp_path: Path) -> None:
    """`-f` and KRAFlags together let it in."""
    home = found("--config", r"ca\KRAFlags=1")
    root = tmp_path / "other.cer"
    found(folder="Other").lines("cacert", str(root))
    assert "CERT_E_ISSUERCHAINING" in home.failure("importcert", str(root))[0]
    assert home.lines("importcert", str(root), "-f") == ["RequestId: 1"]


def test_an_import_completes_a_pending_request(officers: Home, tmp_path: Path) -> None:
    """ExistingRow is certutil's word for it; without such a request it fails."""
    pem = tmp_path / "web.cer"
    officers.submit()
    officers.lines("resubmit", "1")
    officers.lines("retrieve", "1", "--out", str(pem))
    officers.lines("deleterow", "1")
    assert "CRYPT_E_NO_MATCH" in officers.failure("importcert", str(pem), "ExistingRow")[0]
    officers.submit()
    assert officers.lines("importcert", str(pem), "ExistingRow") == ["RequestId: 2"]
    assert officers.result("retrieve", "2")["disposition"] == "ISSUED"


@pytest.mark.parametrize(
    "content",
    [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nMIIB", b"-----BEGIN CERTIFICATE-----\n\xff"],
)
def test_what_is_no_certificate_fails(content: bytes, home: Home, tmp_path: Path) -> None:
    """Broken PEM and broken DER are invalid data alike."""
    path = tmp_path / "broken.cer"
    path.write_bytes(content)
    assert INVALID_DATA in home.failure("importcert", str(path))[0]


def test_rows_are_deleted_by_table_and_date(officers: Home) -> None:
    """A date goes with a table; what is younger stays."""
    officers.submit()
    past, future = "2001-01-22", "2999-01-22"
    assert officers.lines("deleterow", past, "Request") == ["Rows deleted: 0"]
    assert officers.lines("deleterow", past, "Cert") == ["Rows deleted: 0"]
    assert officers.result("deleterow", future, "request") == {"deleted": 1}
    officers.lines("crl")
    assert officers.lines("deleterow", future, "CRL") == ["Rows deleted: 2"]


def test_extensions_and_attributes_go_by_the_id_of_the_request(officers: Home) -> None:
    """Their tables have certutil's short names."""
    officers.submit("www.example.test", "--attrib", "One:1")
    assert officers.lines("deleterow", "1", "Attrib") == ["Rows deleted: 1"]
    assert officers.result("view", "attrib")["rows"] == []
    assert officers.lines("deleterow", "1", "Ext") != ["Rows deleted: 0"]
    assert officers.result("view", "ext")["rows"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("2026-01-31",), "name the table"),
        (("2026-01-31", "Ext"), "name the table"),
        (("1/22/2001", "Request"), "neither the id of a row nor a date"),
        (("1", "Rows"), "invalid choice"),
    ],
)
def test_a_deletion_that_could_mean_anything_is_refused(
    arguments: tuple[str, ...], words: str, home: Home
) -> None:
    """Dates are ISO 8601, and never without the table that says what they mean."""
    assert words in home.refused("deleterow", *arguments)


def test_crls_are_published_and_fetched(home: Home, tmp_path: Path) -> None:
    """The list is what `openssl` reads, and has the certificate that was revoked."""
    serial = home.submit()["serial_number"]
    home.lines("revoke", serial, "1")
    base, delta = home.lines("crl")
    assert base.startswith("BASE CRL 1 of key 0; ")
    assert delta.startswith("DELTA CRL 1 of key 0; ")
    path = tmp_path / "base.crl"
    (line,) = home.lines("getcrl", str(path))
    assert line.startswith("Base CRL: 1 entries, ")
    text = openssl("crl", "-inform", "DER", "-in", str(path), "-noout", "-text")
    assert serial.upper().lstrip("0") in text
    assert "Key Compromise" in text
    assert (home.folder / "CertEnroll" / "Teaching CA.crl").read_bytes() == path.read_bytes()


def test_a_delta_is_published_alone_and_fetched_by_its_word(home: Home, tmp_path: Path) -> None:
    """The index may be left out or stand before it."""
    home.lines("crl")
    assert [one["kind"] for one in home.result("crl", "delta")] == ["DELTA"]
    path = tmp_path / "delta.crl"
    assert home.lines("getcrl", str(path), "0", "delta")[0].startswith("Delta CRL: 0 entries")
    crl = x509.load_der_x509_crl(path.read_bytes())
    assert crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator).critical
    assert home.lines("getcrl", str(path), "delta", "-f")[0].startswith("Delta CRL")


def test_lists_are_published_once_more_with_their_numbers(home: Home) -> None:
    """Republishing signs nothing."""
    before = [one["crl"] for one in home.result("crl")]
    assert [one["crl"] for one in home.result("crl", "republish")] == before


def test_a_period_in_days_and_hours_moves_the_next_update(home: Home, tmp_path: Path) -> None:
    """`20:12` is ten days later than `10:12`, whatever the CA adds to both."""
    moments = []
    for period in ("10:12", "20:12"):
        home.lines("crl", period)
        path = tmp_path / "base.crl"
        home.lines("getcrl", str(path), "--force")
        until = x509.load_der_x509_crl(path.read_bytes()).next_update_utc
        assert until is not None
        moments.append(until)
    assert abs(moments[1] - moments[0] - timedelta(days=10)) < timedelta(hours=1)


@pytest.mark.parametrize("words", [("weekly",), ("1:0", "2:0"), ("republish", "1:0"), ("1:",)])
def test_other_words_behind_crl_are_wrong_usage(words: tuple[str, ...], home: Home) -> None:
    """What certutil would not take is refused."""
    assert "certsim: error: " in home.refused("crl", *words)


def test_a_place_that_cannot_be_written_fails_the_command(home: Home) -> None:
    """The list is signed and told; the ending line has the code of the place."""
    published = home.folder / "CertEnroll"
    published.rmdir()
    published.write_text("in the way")
    ran = home("crl")
    assert ran.status == 1
    assert ran.out.startswith("BASE CRL 1 of key 0; ")
    assert "signed, but not at all its places" in ran.err.splitlines()[-1]
    assert "crl command FAILED: 0x8007" in ran.err
    assert any("event 65: " in line for line in home.lines("log"))
    assert [row["CRLNumber"] for row in home.result("view", "crl")["rows"]] == [1, 1]


def test_tick_publishes_what_is_due_and_then_nothing(home: Home) -> None:
    """A CA without lists has them due."""
    assert len(home.lines("tick")) == 2
    assert home.lines("tick") == ["Nothing is due."]
    assert home.result("tick") == []


def test_a_list_that_is_not_there_fails(home: Home, tmp_path: Path) -> None:
    """Nothing is written then."""
    path = tmp_path / "none.crl"
    assert "ERROR_FILE_NOT_FOUND" in home.failure("getcrl", str(path))[0]
    home.lines("crl")
    assert INVALID_ARGUMENT in home.failure("getcrl", str(path), "7")[0]
    assert not path.exists()
