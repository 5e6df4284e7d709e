"""Where lists go: tokens, lines and flags, a delta after its base, certificates, attempts.

Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.15, product note 15; certsrv.h (CSURL and CPF
constants); docs/rulings.md (CRLs).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CertificationAuthority, Sources
from tests.codes import (
    E_ABORT,
    ERROR_BAD_PATHNAME,
    ERROR_PATH_NOT_FOUND,
    signed,
)
from tests.engine import publishing_kit as kit
from tests.engine.places_kit import HTTP, PLAIN, posix_only, statuses

POSTPONED_LDAP, POSTPONED_FILE = 0x1000, 0x2000


# Tokens


def test_every_token_is_filled_in(tmp_path: Path) -> None:
    """Host, short host, name, certificate, short name, key and delta, for each of two keys."""
    lines = [f"65:{tmp_path}/%1_%2_%3_%4_%7_%8_%9.crl"]
    with kit.make_ca(lines=lines) as ca:
        ca.renew(new_key=True)
        ca.renew()
        ca.publish_crls()
    host, short = "ca.certsim.test", "CA"
    assert kit.names(tmp_path) == sorted(
        f"{host}_{short}_Test CA_{certificate}_Test CA_{key}_{delta}.crl"
        for certificate, key in (("", ""), ("(2)", "(1)"))
        for delta in ("", "+")
    )


def test_a_path_takes_names_as_they_are_and_a_url_encodes_them(tmp_path: Path) -> None:
    """Both mean the same file; the result shows each as the line has it."""
    lines = [f"1:{tmp_path}/a/%3.crl", f"1:file://{tmp_path}/b/%3.crl"]
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    with CertificationAuthority(
        "Zürich + Söhne", config={kit.CRL_LINE: lines}, sources=Sources.seeded(1)
    ) as ca:
        (base,) = ca.publish_crls(delta=False)
    name = "Z!00fcrich !002b S!00f6hne"
    assert [place.place for place in base.locations] == [
        f"{tmp_path}/a/{name}.crl",
        f"file://{tmp_path}/b/{name.replace(' ', '%20').replace('!', '%21')}.crl",
    ]
    for folder in ("a", "b"):
        assert kit.names(tmp_path / folder) == [f"{name}.crl"]


def test_a_place_prints_on_one_line(tmp_path: Path) -> None:
    """Control characters of a line are shown as escapes, in the result and in the event log."""
    with kit.make_ca(lines=[f"1:{tmp_path}/none\x1b[2J\n/ca.crl"]) as ca:
        (base,) = ca.publish_crls(delta=False)
        assert str(base).isprintable()
        assert [str(entry).isprintable() for entry in ca.event_log] == [True]
    assert r"none\x1b[2J\n" in base.locations[0].place


# Which lines


def test_flags_choose_the_lines(tmp_path: Path) -> None:
    """1 publishes bases, 0x40 deltas; lines without either flag or a number are passed over."""
    lines = [
        f"1:{tmp_path}/base%9",
        f"64:{tmp_path}/delta%9",
        f"65:{tmp_path}/both%9",
        f"14:{tmp_path}/neither%9",
        f"{tmp_path}/unnumbered%9",
    ]
    with kit.make_ca(lines=lines) as ca:
        ca.publish_crls()
    assert kit.names(tmp_path) == ["base", "both", "both+", "delta+"]


def test_ldap_lines_are_left_out_without_a_directory() -> None:
    """By default nobody hears of them; with UseDS they are tried and fail."""
    line = "65:ldap:///CN=%7%8,CN=CDP"
    with kit.make_ca(lines=[line]) as ca:
        assert statuses(ca) == []
    with kit.make_ca(lines=[line], UseDS=1) as ca:
        assert statuses(ca) == [signed(ERROR_BAD_PATHNAME)]


LDAP_LINE = "79:ldap:///CN=%7%8,CN=%2,CN=CDP,CN=Public Key Services,CN=Services,%6%10"
"""A line as setups write it. Source: gradenegger.eu on the tokens of CDP and AIA lines."""


def test_with_a_directory_certificates_name_their_ldap_places() -> None:
    """LDAP lines are left out while UseDS is 0, and only then."""
    with kit.make_ca(lines=[LDAP_LINE], UseDS=1) as ca:
        kit.issue(ca)
        (row,) = ca._state.shelf
    assert "2.5.29.31" in [extension.name for extension in row.extensions]


def test_an_ldap_place_of_a_list_ends_with_its_object_class() -> None:
    """The token %10 is what an LDAP client asks for; without it the URL names a container.

    Source: MS-CSRA, product note 15.
    """
    with kit.make_ca(lines=[LDAP_LINE], UseDS=1) as ca:
        (published,) = ca.publish_crls(delta=False)
    (place,) = published.locations
    assert "objectclass=crldistributionpoint" in place.place.lower()


def test_a_change_of_use_ds_counts_from_the_next_start() -> None:
    """MS-CSRA 3.1.4.2.15 has UseDS among the values that wait for a restart."""
    with kit.make_ca(lines=[LDAP_LINE]) as ca:
        ca.set_config(r"ca\UseDS", 1)
        (published,) = ca.publish_crls(delta=False)
        assert published.locations == ()


def test_without_places_a_list_is_complete() -> None:
    """A CA that publishes nowhere has its lists in the table, and nothing to try again."""
    with kit.make_ca() as ca:
        ca.publish_crls(delta=False)
    (row,) = kit.table(ca)
    assert row.number("CRLPublishFlags") == kit.BASE | kit.COMPLETE | kit.MANUAL
    assert (row.number("CRLPublishStatusCode"), row.number("CRLPublishAttempts")) == (0, 1)
    assert "CRLPublishError" not in row.columns


# A delta after its base


@posix_only
def test_a_delta_waits_for_its_base(tmp_path: Path) -> None:
    """Where a file of the base failed no file of the delta is written; other kinds are tried."""
    lines = [
        f"65:{tmp_path}/%9.crl",
        f"65:{tmp_path}/none/%9.crl",
        "64:http://www.test/%9.crl",
        "65:ldap:///CN=%9",
    ]
    with kit.make_ca(lines=lines, UseDS=1) as ca:
        base, delta = ca.publish_crls()
    fared = [place.hresult for place in base.locations]
    assert fared == [0, signed(ERROR_PATH_NOT_FOUND), signed(ERROR_BAD_PATHNAME)]
    assert [place.hresult for place in delta.locations] == [
        signed(E_ABORT),
        signed(E_ABORT),
        signed(ERROR_BAD_PATHNAME),
        signed(E_ABORT),
    ]
    assert kit.names(tmp_path) == [".crl"]
    flags = kit.table(ca)[1].number("CRLPublishFlags")
    assert flags == kit.DELTA | kit.MANUAL | POSTPONED_FILE | POSTPONED_LDAP | HTTP
    assert kit.logged(ca) == [65] * 2 + [66] * 4


def test_a_delta_by_itself_waits_for_nothing(tmp_path: Path) -> None:
    """Only the base of the same run counts."""
    with kit.make_ca(lines=[f"1:{tmp_path}/none/x.crl", f"64:{tmp_path}/x+.crl"]) as ca:
        assert statuses(ca, delta=True) == [signed(E_ABORT)]
        (delta,) = ca.publish_crls(base=False)
    assert [place.hresult for place in delta.locations] == [0]
    assert (tmp_path / "x+.crl").read_bytes() == delta.raw


def test_a_delta_waits_for_the_base_of_its_own_key(tmp_path: Path) -> None:
    """The key whose folder is missing has its delta postponed, the other one publishes both."""
    with kit.make_ca(lines=[f"65:{tmp_path}/key%8/x%9.crl"]) as ca:
        ca.renew(new_key=True)
        (tmp_path / "key(1)").mkdir()
        published = ca.publish_crls()
    assert [(crl.key_index, crl.status) for crl in published] == [
        (0, signed(ERROR_PATH_NOT_FOUND)),
        (0, signed(E_ABORT)),
        (1, 0),
        (1, 0),
    ]
    assert kit.names(tmp_path / "key(1)") == ["x+.crl", "x.crl"]


# The CA's own certificates


def test_each_run_writes_the_certificates_that_are_missing(tmp_path: Path) -> None:
    """After a run all are there under their own suffixes, and the next leaves them alone."""
    lines = [f"1:{tmp_path}/%1_%3%4.crt", f"2:{tmp_path}/never.crt"]
    with kit.make_ca(CACertPublicationURLs=lines) as ca:
        ca.renew(new_key=True)
        ca.publish_crls()
        files = [tmp_path / f"ca.certsim.test_Test CA{suffix}.crt" for suffix in ("", "(1)")]
        written = [x509.load_der_x509_certificate(path.read_bytes()) for path in files]
        assert written == list(ca.certificates)
        before = [path.stat().st_ino for path in files]
        files[0].unlink()
        ca.publish_crls(republish=True)
        assert files[1].stat().st_ino == before[1]
        assert files[0].read_bytes() == ca.certificates[0].public_bytes(Encoding.DER)
    assert kit.names(tmp_path) == sorted(path.name for path in files)


def test_a_certificate_that_cannot_be_written_is_logged_only(tmp_path: Path) -> None:
    """The lists are complete all the same."""
    lines = [f"1:{tmp_path}/none/%3%4.crt"]
    with kit.make_ca(lines=[PLAIN.format(tmp_path)], CACertPublicationURLs=lines) as ca:
        assert [crl.status for crl in ca.publish_crls()] == [0, 0]
        (entry,) = ca.event_log
    assert (entry.event_id, entry.hresult) == (0, signed(ERROR_PATH_NOT_FOUND))
    assert entry.text == f"certificate 0: {tmp_path}/none/Test CA.crt"


# Again


def test_republishing_writes_where_the_list_is_not(tmp_path: Path) -> None:
    """A place that has the list is left alone, the others are tried again, and the row counts."""
    lines = [f"1:{tmp_path}/good.crl", f"1:{tmp_path}/late/ca.crl"]
    with kit.make_ca(lines=lines) as ca:
        (first,) = ca.publish_crls(delta=False)
        written = (tmp_path / "good.crl").stat().st_ino
        (tmp_path / "late").mkdir()
        kit.advance(ca, timedelta(hours=1))
        (again,) = ca.publish_crls(delta=False, republish=True)
    assert first.status == signed(ERROR_PATH_NOT_FOUND)
    assert (again.status, again.number, again.raw) == (0, 1, first.raw)
    assert (tmp_path / "late" / "ca.crl").read_bytes() == first.raw
    assert (tmp_path / "good.crl").stat().st_ino == written
    (row,) = kit.table(ca)
    assert row.number("CRLPublishAttempts") == 2
    assert row.number("CRLPublishFlags") == kit.BASE | kit.MANUAL | kit.COMPLETE
    assert row.moment("CRLLastPublished") == kit.START + kit.HOUR
    assert "CRLPublishError" not in row.columns


def test_the_account_of_attempts_has_a_line_for_each(tmp_path: Path) -> None:
    """Who asked and which places failed, oldest first; the places stand below, once."""
    lines = [f"1:{tmp_path}/a/x", f"1:{tmp_path}/b/x", f"1:{tmp_path}/c/x"]
    with kit.make_ca(lines=lines, CRLDeltaPeriodUnits=0) as ca:
        ca.publish_crls(delta=False, administrator=r"CORP\ann")
        (tmp_path / "b").mkdir()
        ca.publish_crls(republish=True, administrator="eve\n--")
        kit.advance(ca, timedelta(minutes=10))
        ca.tick()
    (row,) = kit.table(ca)
    assert row.columns["CRLPublishError"] == (
        f"CORP\\ann -- 0 1 2\neve\\n-- -- 0 2\n- -- 0 2\n\n{tmp_path}/a/x\n{tmp_path}/c/x"
    )


def test_the_account_fits_its_column(tmp_path: Path) -> None:
    """However often a person tries and however long the names are, 8,192 characters are kept."""
    with kit.make_ca(lines=[f"1:{tmp_path}/none/{i}/{'x' * 200}" for i in range(60)]) as ca:
        ca.publish_crls(delta=False)
        for _ in range(20):
            ca.publish_crls(republish=True, administrator="y" * 2_000)
    (row,) = kit.table(ca)
    assert len(str(row.columns["CRLPublishError"])) == 8_192


def test_the_account_keeps_ten_lines_of_names_that_are_not_too_long(tmp_path: Path) -> None:
    """A name is cut at 128 characters, and the oldest line goes first."""
    with kit.make_ca(lines=[f"1:{tmp_path}/none/x"]) as ca:
        ca.publish_crls(delta=False)
        for count in range(11):
            ca.publish_crls(republish=True, administrator=f"{count}{'y' * 200}")
    (row,) = kit.table(ca)
    lines = str(row.columns["CRLPublishError"]).partition("\n\n")[0].splitlines()
    assert [line.partition("y")[0] for line in lines] == [str(count) for count in range(1, 11)]
    assert {len(line) for line in lines} == {128 + len(" -- 0")}
