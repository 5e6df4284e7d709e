"""Names and types of properties: every spelling that is taken, and what is refused.

Source: sdk-api certif/nf-certif-icertserverexit-getrequestproperty; win32
SecCrypto/name-properties; docs/rulings.md (Properties, Names and formats).
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.engine import values_kit as kit
from tests.engine.property_kit import EMPTY, REQUEST, WRONG, kind_of, read_all

NAMES: dict[str, object] = {
    "CommonName": "www",
    "OrgUnit": "Lab\nRoom 1",
    "Organization": "Contoso, Ltd.",
    "Country": "DE",
}


@pytest.mark.parametrize("table", ["request_properties", "certificate_properties"])
def test_wrong_type_for_a_known_name_is_refused(table: str) -> None:
    """A known name asked for as any other type is E_INVALIDARG, with a value or without one."""
    getter = {"r": "GetRequestProperty", "c": "GetCertificateProperty"}[table[0]]

    def look(server: Any) -> dict[str, object]:
        return read_all(table, getattr(server, getter), wrong=True)

    for found in (kit.in_policy(look), kit.in_notify(look)):
        assert found
        assert set(found.values()) == {WRONG}


def test_wrong_type_for_a_ca_property_is_refused() -> None:
    """The same holds for CA properties, at context 0."""
    with kit.authority() as ca:
        found = read_all(
            "ca_properties", certsim.CCertServerExit(ca).GetCertificateProperty, wrong=True
        )
    assert set(found.values()) == {WRONG}


@pytest.mark.parametrize("kind", [0, 5, -1, "4", None])
def test_what_is_no_type_is_refused(kind: object) -> None:
    """A PropertyType outside the four is E_INVALIDARG."""
    found = kit.in_notify(lambda s: kit.attempt(s.GetRequestProperty, "RequesterName", kind))
    assert found == WRONG


@pytest.mark.parametrize(
    "name", [*kit.facts()["names_not_found_publicly"], "", "nonsense", "CertUsage", "RequestID.0"]
)
@pytest.mark.parametrize("getter", ["GetRequestProperty", "GetCertificateProperty"])
def test_names_outside_the_tables_are_refused(name: str, getter: str) -> None:
    """A name that stands in no table is E_INVALIDARG as every type, on both getters."""

    def look(server: Any) -> set[object]:
        return {kit.attempt(getattr(server, getter), name, kind) for kind in (1, 2, 3, 4)}

    assert kit.in_notify(look) == {WRONG}
    assert kit.in_policy(look) == {WRONG}


@pytest.mark.parametrize("getter", ["GetRequestProperty", "GetCertificateProperty"])
@pytest.mark.parametrize("name", [None, 7, b"CommonName", ("CommonName",)])
def test_a_name_that_is_no_text_is_refused(getter: str, name: object) -> None:
    """A name has to be text; anything else is E_INVALIDARG and no Python error."""
    found = kit.in_notify(lambda s: kit.attempt(getattr(s, getter), name, kit.STRING))
    assert found == WRONG


@pytest.mark.parametrize("getter", ["GetRequestProperty", "GetCertificateProperty"])
def test_a_name_that_cannot_be_hashed_is_refused_like_any_other(getter: str) -> None:
    """A list for a name is E_INVALIDARG, too."""
    found = kit.in_notify(lambda s: kit.attempt(getattr(s, getter), [], kit.STRING))
    assert found == WRONG


def test_the_getter_decides_the_side() -> None:
    """Names of one side are unknown on the other, but for those that stand in both tables."""

    def look(server: Any) -> dict[str, object]:
        return {
            "requester as certificate": kit.attempt(
                server.GetCertificateProperty, "RequesterName", kit.STRING
            ),
            "serial as request": kit.attempt(server.GetRequestProperty, "SerialNumber", kit.STRING),
            "prefix on certificate": kit.attempt(
                server.GetCertificateProperty, "Request.CommonName", kit.STRING
            ),
            "id as request": kit.attempt(server.GetRequestProperty, "RequestID", kit.LONG),
            "id as certificate": kit.attempt(server.GetCertificateProperty, "RequestID", kit.LONG),
        }

    assert kit.in_notify(look) == {
        "requester as certificate": WRONG,
        "serial as request": WRONG,
        "prefix on certificate": WRONG,
        "id as request": 1,
        "id as certificate": 1,
    }


def recased(word: str, chance: random.Random) -> str:
    """Return *word* in letters of drawn case."""
    return "".join(chance.choice((char.lower(), char.upper())) for char in word)


@settings(max_examples=20, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_letter_case_does_not_count(chance: random.Random) -> None:
    """Whatever the letter case of a name, the answer is the same."""

    def look(server: Any) -> list[tuple[str, object, object]]:
        found = []
        for table, call in (
            ("request_properties", server.GetRequestProperty),
            ("certificate_properties", server.GetCertificateProperty),
            ("ca_properties", server.GetCertificateProperty),
        ):
            for row in kit.facts()[table]:
                kind, spelled = kind_of(row) or kit.STRING, recased(row["name"], chance)
                plain = kit.attempt(call, row["name"], kind)
                found.append((spelled, kit.attempt(call, spelled, kind), plain))
        return found

    for spelled, answer, plain in kit.in_notify(look, REQUEST):
        assert answer == plain, spelled


@settings(max_examples=20, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_name_parts_answer_to_every_alias_and_prefix(chance: random.Random) -> None:
    """All spellings of the sixteen name parts give one answer, with their prefixes, in any case."""

    def look(server: Any) -> list[tuple[str, object]]:
        found: list[tuple[str, object]] = []
        for row in kit.facts()["name_properties"]:
            aliases = [word.strip() for word in row["aliases"].split(",") if word.strip()]
            long = [row["name"], f"Subject.{row['name']}"]
            for getter, prefixes in (
                ("GetRequestProperty", ("", "Request.")),
                ("GetCertificateProperty", ("",)),
            ):
                for spelled in (*aliases, *long):
                    for prefix in prefixes:
                        word = recased(prefix + spelled, chance)
                        answer = kit.attempt(getattr(server, getter), word, kit.STRING)
                        found.append((row["name"], answer))
        return found

    for part, answer in kit.in_notify(look, REQUEST):
        assert answer == NAMES.get(part, EMPTY), part
