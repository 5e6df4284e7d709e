"""`certsim view` and `schema`: which rows and columns are shown, and how, in each format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CertificationAuthority
from certsim.cli.command import UsageError
from certsim.sources import SeededSources
from tests.cli.show_kit import report, shown
from tests.codes import E_INVALIDARG, refused
from tests.requests_kit import make_csr

EVIL = '=x\n  Serial Number: "1"\r\n\x1b[2J\x9b31m\u202e,;"end'


@pytest.fixture
def office(sources: SeededSources) -> Iterator[CertificationAuthority]:
    """Return a CA with four requests: issued, revoked, pending, denied."""
    ca = CertificationAuthority(
        "Test CA", sources=sources, config={r"policy\RequestDisposition": 1}
    )
    with ca:
        ca.submit(make_csr("one.test"), attributes="CertFile:true\nOther:x")
        second = ca.submit(make_csr("two.test"), requester=r"CONTOSO\bob")
        ca.revoke(second.serial_number or "", 1)
        ca.set_config(r"policy\RequestDisposition", 0x101)
    with ca:
        ca.submit(make_csr("three.test"))
        denied = ca.submit(make_csr("four.test"))
        ca.deny(denied.request_id)
        yield ca


def ids(ca: CertificationAuthority, *words: str) -> list[int]:
    """Return the ids of the requests that a view shows, read from its CSV."""
    lines = shown(ca, "view", *words, "--out", "Request.RequestID", "--format", "csv").lines
    assert lines[0] == "Request.RequestID"
    return [int(line) for line in lines[1:]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [1, 2, 3, 4]),
        (("queue",), [3]),
        (("Log",), [1, 2, 4]),
        (("LogFail",), [4]),
        (("revoked",), [2]),
        (("--restrict", "Disposition=Issued"), [1]),
        (("--restrict", "RequestId>1,RequestId<4"), [2, 3]),
        (("--restrict", "-RequestId>=1"), [4, 3, 2, 1]),
        (("--restrict=-RequestId>=1", "--limit", "2"), [4, 3]),
        (("--restrict", "RequestId==$"), [4]),
        (("--restrict", "Disposition=20, RequestId==$"), [1]),
        (("--restrict", "RequestId==$", "--limit", "0"), []),
        (("--restrict", r"Requester Name=contoso\BOB"), [2]),
        (("--restrict", "SubmittedWhen>now"), []),
        (("--limit", "3"), [1, 2, 3]),
        (("log", "--restrict", "RequestId>1"), [2, 4]),
    ],
)
def test_rows(office: CertificationAuthority, words: tuple[str, ...], expected: list[int]) -> None:
    """Views, restrictions, order and limit choose rows as they say."""
    assert ids(office, *words) == expected


def test_the_list(office: CertificationAuthority) -> None:
    """Schema, rows with titles, and how many there were."""
    words = ("--restrict", "RequestId<=2", "--out", "RequestId,disposition,RevokedReason,UPN")
    assert shown(office, "view", *words).lines == [
        "Schema:",
        "  Column Name            Localized Name       Type    MaxLength",
        "  ---------------------  -------------------  ------  ---------------",
        "  RequestID              Issued Request ID    Long    4 -- Indexed",
        "  Request.Disposition    Request Disposition  Long    4 -- Indexed",
        "  Request.RevokedReason  Revocation Reason    Long    4",
        "  UPN                    User Principal Name  String  2048 -- Indexed",
        "",
        "Row 1:",
        "  Issued Request ID: 0x1 (1)",
        "  Request Disposition: 0x14 (20) -- Issued",
        "  Revocation Reason: EMPTY",
        "  User Principal Name: EMPTY",
        "",
        "Row 2:",
        "  Issued Request ID: 0x2 (2)",
        "  Request Disposition: 0x15 (21) -- Revoked",
        "  Revocation Reason: 0x1 (1) -- Key Compromise",
        "  User Principal Name: EMPTY",
        "",
        "Maximum Row Index: 2",
        "",
        "2 rows",
        "  5 row properties: total size 20, largest 4, average 4",
        "  0 request attributes: total size 0, largest 0, average 0",
        "  0 certificate extensions: total size 0, largest 0, average 0",
        "  5 fields in all: total size 20, largest 4, average 4",
    ]


def test_requests_in_full_bring_attributes_and_extensions(office: CertificationAuthority) -> None:
    """Without --out each request has its own attributes and extensions below it."""
    lines = shown(office, "view", "--restrict", "RequestId<=2").lines
    second = lines.index("Row 2:")
    assert '  Request Attribute "CertFile": "true"' in lines[:second]
    assert '  Request Attribute "Other": "x"' in lines[:second]
    assert not any(line.startswith("  Request Attribute ") for line in lines[second:])
    for request_id, part in ((1, lines[:second]), (2, lines[second:])):
        stored = office.view("extension", where=[("ExtensionRequestId", "=", request_id)])
        told = [line.split('"')[1] for line in part if line.startswith("  Extension Name:")]
        assert told == [row["ExtensionName"] for row in stored]
    assert "  2 request attributes: total size 5, largest 4, average 2" in lines


def test_one_look_is_one_entry_of_the_journal(office: CertificationAuthority) -> None:
    """However many requests are shown in full, the journal tells of three views."""
    before = len(office.journal)
    assert shown(office, "view").text.count("Request ID: ") == 8
    assert len(office.journal) - before == 3


def test_the_tables_of_details(office: CertificationAuthority) -> None:
    """Attributes, extensions and CRLs are rows of tables of their own."""
    office.publish_crls(delta=False)
    attributes = shown(office, "view", "attrib", "--format", "csv").lines
    assert attributes == [
        "AttributeRequestId,AttributeName,AttributeValue",
        "1,CertFile,true",
        "1,Other,x",
    ]
    assert (
        '  Extension Name: "2.5.29.31" CRL Distribution Points'
        in shown(office, "view", "ext", "--restrict", "ExtensionRequestId=2").lines
    )
    (row,) = json.loads(shown(office, "view", "CRL", "--format", "json").text)
    assert (row["CRLRowId"], row["CRLMinBase"]) == (1, 0)
    assert bytes.fromhex(row["CRLRawCRL"]) == office.crl().public_bytes(Encoding.DER)


def test_json_by_either_way(office: CertificationAuthority) -> None:
    """The document's rows are those of the bare array, dates in ISO 8601, nothing as null."""
    words = ("--out", "RequestId,SubmittedWhen,UPN", "--limit", "2")
    bare = json.loads(shown(office, "view", *words, "--format", "json").text)
    assert bare == [
        {"RequestID": at, "Request.SubmittedWhen": "2026-01-01T12:00:00+00:00", "UPN": None}
        for at in (1, 2)
    ]
    made = report(office, "view", *words)
    assert isinstance(made.data, dict)
    assert list(made.data.pop("rows")) == bare
    assert made.data == {
        "view": "request",
        "columns": ["RequestID", "Request.SubmittedWhen", "UPN"],
    }


@pytest.mark.parametrize("form", ["json", "csv"])
def test_no_rows_are_a_whole_answer(office: CertificationAuthority, form: str) -> None:
    """An answer without rows is an empty array, or the line of names alone."""
    made = shown(office, "view", "--format", form, "--out", "UPN", "--restrict", "RequestId=9")
    assert made.lines == {"json": ["[]"], "csv": ["UPN"]}[form]
    assert made.report.bare


def test_hostile_text_stays_in_its_cell(office: CertificationAuthority) -> None:
    """A name with quotes, commas and line ends is one cell, and no formula."""
    office.submit(make_csr(EVIL))
    words = ("--restrict", "RequestId==$", "--out", "Request.CommonName,RequestId")
    text = "\n".join(shown(office, "view", *words, "--format", "csv").lines)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    head, (cell, number) = rows
    assert (head, number) == (["Request.CommonName", "RequestID"], "5")
    assert cell.encode("ascii").decode("unicode_escape") == f"'{EVIL}"
    (row,) = json.loads(shown(office, "view", *words, "--format", "json").text)
    assert row["Request.CommonName"] == EVIL


def test_hostile_text_forges_no_field(office: CertificationAuthority) -> None:
    """A value of several lines stands in quotes line by line, deeper than any title."""
    office.submit(make_csr(EVIL))
    lines = shown(office, "view", "--restrict", "RequestId==$").lines
    titles = [line for line in lines if line.startswith("  Serial Number:")]
    assert len(titles) == 1
    assert any(line.startswith('    "  Serial Number: ""1""') for line in lines)


def test_csv_is_printable(office: CertificationAuthority) -> None:
    """Characters that would steer a terminal are escaped, wherever the cells go."""
    office.submit(make_csr(EVIL))
    words = ("--restrict", "RequestId==$", "--out", "Request.CommonName", "--format", "csv")
    line = shown(office, "view", *words).lines[1]
    assert line.isprintable()
    assert r"\x1b[2J\x9b31m\u202e" in line


def test_csv_may_stand_at_the_end(office: CertificationAuthority) -> None:
    """As with certutil, where it is a word and no option."""
    words = ("log", "csv", "--out", "RequestId")
    expected = shown(office, "view", "log", "--format", "csv", "--out", "RequestId").lines
    assert shown(office, "view", *words).lines == expected


def test_rows_are_shown_as_they_are_read(office: CertificationAuthority) -> None:
    """What happens to a row before the list comes to it is in the list."""
    lines = iter(report(office, "view", "--out", "RequestId,Disposition").lines)
    assert "Row 1:" in iter(lambda: next(lines), "Row 2:")
    office.deny(3)
    assert "  Request Disposition: 0x1f (31) -- Denied" in list(lines)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "Color"), "'Color' is no column here"),
        (("--out", "RequestId,"), "'' is no column here"),
        (("ext", "--out", "RequestId"), "'RequestId' is no column here"),
        (("--restrict", "Color=red"), "'Color' is no column here"),
    ],
)
def test_slips_are_usage(office: CertificationAuthority, words: tuple[str, ...], told: str) -> None:
    """A column that is not there is a slip of whoever typed it."""
    with pytest.raises(UsageError) as caught:
        report(office, "view", *words)
    assert told in str(caught.value)


def test_what_the_ca_refuses_is_its_own_error(office: CertificationAuthority) -> None:
    """Sorting by a column without an index is refused by the CA, as is an order of bytes."""
    for restriction in ("+Country>a", "RawName>00"):
        with refused(E_INVALIDARG):
            report(office, "view", "--restrict", restriction)


@pytest.mark.parametrize(
    ("words", "count", "line"),
    [
        (
            (),
            79,
            f"  {'UPN':<34}  {'User Principal Name':<34}  String  2048 -- Indexed",
        ),
        (("ext",), 4, "  ExtensionRawValue   Extension Raw Value   Binary  4096"),
        (("Attrib",), 3, "  AttributeName       Attribute Name        String  254"),
        (
            ("CRL",),
            17,
            "  CRLRawCRL               CRL Raw CRL                    Binary  536870912",
        ),
    ],
)
def test_schema(
    office: CertificationAuthority, words: tuple[str, ...], count: int, line: str
) -> None:
    """The columns of each table, with title, type, width and whether they are indexed."""
    made = shown(office, "schema", *words)
    assert len(made.lines) == count + 3
    assert line in made.lines
    assert isinstance(made.report.data, list)
    assert len(made.report.data) == count


def test_schema_for_programs(office: CertificationAuthority) -> None:
    """The same for a program, by names that stay."""
    made = report(office, "schema", "attrib")
    assert isinstance(made.data, list)
    assert made.data[0] == {
        "column": "AttributeRequestId",
        "title": "Attribute Request ID",
        "type": "LONG",
        "max_length": 4,
        "indexed": True,
    }
