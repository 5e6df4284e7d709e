"""Titles, meanings of numbers and names of properties, against the published constants."""

from typing import Any

import pytest

from certsim.facts.basis import Basis
from certsim.facts.display import (
    CA_INFO,
    EXTENSION_TITLES,
    FACILITIES,
    NUMBERS,
    STATUS_COLUMNS,
    TITLES,
)
from certsim.facts.schema import COLUMNS, CRL


def test_every_column_has_a_title_of_its_own() -> None:
    """The titles are those of the schema's columns, and no two share one."""
    assert set(TITLES) == set(COLUMNS)
    assert len({title.title for title in TITLES.values()}) == len(TITLES)
    assert all(name == title.name for name, title in TITLES.items())


def test_titles_that_were_not_seen_are_assumed() -> None:
    """No published listing has those of the CRL table."""
    assumed = {name for name, title in TITLES.items() if title.basis is Basis.ASSUMED}
    assert assumed == {column.name for column in CRL}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Request.RequesterName", "Requester Name"),
        ("Request.SubmittedWhen", "Request Submission Date"),
        ("RequestID", "Issued Request ID"),
        ("NotAfter", "Certificate Expiration Date"),
        ("CommonName", "Issued Common Name"),
        ("Request.Disposition", "Request Disposition"),
    ],
)
def test_titles_that_scripts_know(name: str, title: str) -> None:
    """Scripts in use find columns by these words."""
    assert TITLES[name].title == title


def test_properties_are_the_published_ones(oracle: dict[str, Any]) -> None:
    """Each symbol is one of the header's, and none answers for two names."""
    symbols = [fact.symbol for fact in CA_INFO.values() if fact.symbol]
    assert set(symbols) <= set(oracle["constants"]["CR_PROP"])
    assert len(set(symbols)) == len(symbols)
    assert all(name == fact.name == name.lower() for name, fact in CA_INFO.items())


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Request.RequestFlags", "CR_FLG"),
        ("CRLPublishFlags", "CPF"),
        ("CRLPublicationURLs", "CSURL"),
        ("Request.RequestType", "CR_IN"),
        ("ExtensionFlags", "EXTENSION"),
    ],
)
def test_parts_of_words_are_the_headers(oracle: dict[str, Any], name: str, group: str) -> None:
    """Symbol and number of each part agree, and its number lies in its place."""
    published = oracle["constants"][group]
    for flag in NUMBERS[name].meanings:
        assert published[flag.symbol] == flag.bits
        assert flag.bits & ~flag.mask == 0


def test_states_and_reasons_are_the_headers(oracle: dict[str, Any]) -> None:
    """There are words for the numbers that the columns can hold."""
    reasons = {flag.bits for flag in NUMBERS["Request.RevokedReason"].meanings}
    assert reasons - {-1} == set(oracle["constants"]["CRL_REASON"].values())
    words = {flag.bits: flag.symbol for flag in NUMBERS["Request.Disposition"].meanings}
    assert (words[9], words[20], words[21], words[30], words[31]) == (
        "Pending",
        "Issued",
        "Revoked",
        "Failed",
        "Denied",
    )


def test_columns_with_meanings_exist() -> None:
    """Meanings and result codes belong to columns of the schema or to properties of the CA."""
    registry = {"CRLPublicationURLs", "CACertPublicationURLs"}
    assert set(NUMBERS) <= {*COLUMNS, *CA_INFO} | registry
    assert set(COLUMNS) > STATUS_COLUMNS


def test_extensions_are_known_by_their_identifiers() -> None:
    """A few of RFC 5280's and one of Microsoft's."""
    known = {name: title.title for name, title in EXTENSION_TITLES.items()}
    assert known["2.5.29.17"] == "Subject Alternative Name"
    assert known["2.5.29.19"] == "Basic Constraints"
    assert known["1.3.6.1.4.1.311.21.1"] == "CA Version"


def test_facilities_are_known_by_their_numbers() -> None:
    """Those that Certificate Services' codes come from are among them, each once."""
    names = {fact.number: fact.symbol for fact in FACILITIES}
    assert len(names) == len(FACILITIES)
    assert (names[7], names[9], names[11]) == (
        "FACILITY_WIN32",
        "FACILITY_SECURITY",
        "FACILITY_CERT",
    )
