"""Property tables and the three look-ups against the published facts, row by row."""

from typing import Any

import pytest

from certsim.facts.basis import Basis
from certsim.facts.properties import (
    CA_PROPERTIES,
    CA_SIDE,
    CERTIFICATE_PROPERTIES,
    CERTIFICATE_SIDE,
    NAME_PROPERTIES,
    REQUEST_ATTRIBUTES,
    REQUEST_PROPERTIES,
    REQUEST_SIDE,
    Property,
    PropType,
    Side,
    When,
)

TABLES = [
    ("request_properties", REQUEST_PROPERTIES, Side.REQUEST),
    ("certificate_properties", CERTIFICATE_PROPERTIES, Side.CERTIFICATE),
    ("ca_properties", CA_PROPERTIES, Side.CA),
]
# Documented to be empty until the certificate exists; the hash has nothing to be of before.
WITH_THE_CERTIFICATE = {
    "SerialNumber",
    "RawCertificate",
    "DistinguishedName",
    "RawName",
    "CertificateHash",
}
OF_A_REQUEST = {"RequesterCAAccess", "KeyArchived", "UserDN"}


def bare(name: str) -> str:
    """Take the prefix off that the getter makes needless."""
    return name.removeprefix("Request.")


def split_aliases(text: str) -> list[str]:
    """Read the comma-separated aliases of a published row."""
    return [alias.strip() for alias in text.split(",") if alias.strip()]


@pytest.mark.parametrize(("group", "table", "side"), TABLES)
def test_names_symbols_and_sides(
    group: str, table: tuple[Property, ...], side: Side, oracle: dict[str, Any]
) -> None:
    """Every published row is here under Microsoft's name and constant, on its side."""
    published = [(bare(row["name"]), row["constant"]) for row in oracle[group]]
    assert [(row.name, row.symbol) for row in table] == published
    assert {row.side for row in table} == {side}


@pytest.mark.parametrize(("group", "table", "side"), TABLES)
def test_types(group: str, table: tuple[Property, ...], side: Side, oracle: dict[str, Any]) -> None:
    """Types are the published ones; a lone question mark is no type at all."""
    published = {bare(row["name"]): row["type"].rstrip("?") for row in oracle[group]}
    stored = {row.name: "" if row.type is None else row.type.name for row in table}
    assert stored == published, side


@pytest.mark.parametrize(("group", "table", "side"), TABLES)
def test_doubtful_types_are_assumed(
    group: str, table: tuple[Property, ...], side: Side, oracle: dict[str, Any]
) -> None:
    """A type with a question mark, or taken from a column, is never called documented."""
    for published, row in zip(oracle[group], table, strict=True):
        doubtful = published["type"].endswith("?") or published["tag"] == "header"
        assert (row.type_basis is Basis.ASSUMED) is doubtful, (side, row.name)


@pytest.mark.parametrize(("group", "table", "side"), TABLES)
def test_grades(
    group: str,
    table: tuple[Property, ...],
    side: Side,
    oracle: dict[str, Any],
    basis_of_tag: dict[str, Basis],
) -> None:
    """The basis of a row is its published tag."""
    published = {bare(row["name"]): basis_of_tag[row["tag"]] for row in oracle[group]}
    assert {row.name: row.basis for row in table} == published, side


@pytest.mark.parametrize(("group", "table"), [row[:2] for row in TABLES[:2]])
def test_settable(group: str, table: tuple[Property, ...], oracle: dict[str, Any]) -> None:
    """Policy may set what is published as settable, whatever the remark beside it."""
    published = {row["name"] for row in oracle[group] if row["settable"].startswith("yes")}
    assert {row.name for row in table if row.settable} == published


def test_nothing_of_the_authority_is_settable() -> None:
    """Policy changes requests, never the authority."""
    assert [row.name for row in CA_PROPERTIES if row.settable] == []


def test_indexed_names(oracle: dict[str, Any]) -> None:
    """Names that take an index are the published ones, with the kind of index."""
    published = {
        row["name"]: row["indexed"]
        for row in oracle["ca_properties"]
        if row["indexed"] in {"cert", "crl"}
    }
    assert {row.name: row.indexed for row in CA_PROPERTIES if row.indexed} == published
    assert {row.indexed for row in (*REQUEST_PROPERTIES, *CERTIFICATE_PROPERTIES)} == {""}


def test_request_moments(oracle: dict[str, Any]) -> None:
    """What is published as filled at policy time is; all else waits for the decision."""
    published = {
        bare(row["name"]): When.POLICY if row["policy_time"] == "yes" else When.DECIDED
        for row in oracle["request_properties"]
    }
    assert {row.name: row.when for row in REQUEST_PROPERTIES} == published


def test_certificate_moments() -> None:
    """Five names wait for the certificate; the others may stand before."""
    waiting = {row.name for row in CERTIFICATE_PROPERTIES if row.when is When.ISSUED}
    assert waiting == WITH_THE_CERTIFICATE
    assert {row.when for row in CERTIFICATE_PROPERTIES} == {When.ISSUED, When.POLICY}


def test_three_names_of_the_authority_need_a_request() -> None:
    """Access, archival and user depend on the request in context."""
    bound = {row.name for row in CA_PROPERTIES if row.when is When.REQUEST_CONTEXT}
    assert bound == OF_A_REQUEST
    assert {row.when for row in CA_PROPERTIES} == {When.REQUEST_CONTEXT, When.ALWAYS}


def test_columns_exist_in_the_published_schema(oracle: dict[str, Any]) -> None:
    """A column is named exactly where the schema has one of that name and type."""
    schema = {f"Request.{c['name']}": c["type"] for c in oracle["schema"]["Request"]}
    schema |= {c["name"]: c["type"] for c in oracle["schema"]["Certificate"]}
    for row in (*REQUEST_SIDE.values(), *CERTIFICATE_SIDE.values()):
        if row.column:
            assert row.type is not None
            assert schema[row.column] == row.type.name, row.name


def test_names_without_a_column() -> None:
    """Computed values and old names have no column behind them."""
    rows = (*REQUEST_PROPERTIES, *CERTIFICATE_PROPERTIES)
    assert {row.name for row in rows if not row.column} == {
        "RawCACertificate",
        "ArchivedKey",
        "RequesterNameFromOldCertificate",
        "CertificateType",
        "RawSMIMECapabilities",
        "NameType",
        "CrossForest",
        "RequesterSAMName",
        "RequesterUPN",
        "RequesterDN",
    }


def test_columns_carry_the_prefix_of_their_half() -> None:
    """Request columns begin with Request., but for one that the schema keeps on the other side."""
    strays = {
        row.name
        for row in REQUEST_SIDE.values()
        if row.column and not row.column.startswith("Request.")
    }
    assert strays == {"PublishExpiredCertInCRL"}
    assert not any(row.column.startswith("Request.") for row in CERTIFICATE_SIDE.values())


def test_name_parts(oracle: dict[str, Any]) -> None:
    """The sixteen parts have the page's constants, identifiers and limits."""
    published = [
        (row["name"], row["constant"], row["oid"], row["max"]) for row in oracle["name_properties"]
    ]
    stored = [(row.name, row.symbol, row.oid, row.max_length) for row in NAME_PROPERTIES]
    assert stored == published
    assert len(stored) == 16


def test_aliases(oracle: dict[str, Any]) -> None:
    """Aliases are the page's, in its order."""
    published = {row["name"]: split_aliases(row["aliases"]) for row in oracle["name_properties"]}
    assert {row.name: list(row.aliases) for row in NAME_PROPERTIES} == published


def test_only_country_has_a_single_value() -> None:
    """Several values may be joined for every part but the country."""
    assert [row.name for row in NAME_PROPERTIES if not row.multi_valued] == ["Country"]


@pytest.mark.parametrize(
    ("side", "prefix", "settable"),
    [(REQUEST_SIDE, "Request.", False), (CERTIFICATE_SIDE, "", True)],
)
def test_name_parts_stand_on_both_sides(
    side: dict[str, Property], prefix: str, settable: bool, oracle: dict[str, Any]
) -> None:
    """By name or alias a part leads to the column of the side that was asked."""
    for part in oracle["name_properties"]:
        for spelling in [part["name"], *split_aliases(part["aliases"])]:
            row = side[spelling.lower()]
            assert row.name == part["name"]
            assert row.column == prefix + part["name"]
            assert row.settable is settable
            assert row.type is PropType.STRING


@pytest.mark.parametrize(
    ("side", "group", "with_parts"),
    [
        (REQUEST_SIDE, "request_properties", True),
        (CERTIFICATE_SIDE, "certificate_properties", True),
        (CA_SIDE, "ca_properties", False),
    ],
)
def test_look_ups_hold_the_table_and_no_more(
    side: dict[str, Property], group: str, with_parts: bool, oracle: dict[str, Any]
) -> None:
    """Keys are lower case; no alias hides a name of the table."""
    names = [bare(row["name"]).lower() for row in oracle[group]]
    parts = oracle["name_properties"] if with_parts else []
    names += [row["name"].lower() for row in parts]
    names += [alias.lower() for row in parts for alias in split_aliases(row["aliases"])]
    assert sorted(side) == sorted(names)


@pytest.mark.parametrize("side", [REQUEST_SIDE, CERTIFICATE_SIDE, CA_SIDE])
def test_names_that_nobody_published_are_absent(
    side: dict[str, Property], oracle: dict[str, Any]
) -> None:
    """Names that circulate without a source are not invented here."""
    assert not {name.lower() for name in oracle["names_not_found_publicly"]} & set(side)


def test_request_attributes(oracle: dict[str, Any], basis_of_tag: dict[str, Basis]) -> None:
    """The well-known attributes have their published names, constants and grades."""
    published = [
        (row["name"], row["constant"], basis_of_tag[row["tag"]])
        for row in oracle["request_attributes"]
    ]
    assert [(row.name, row.symbol, row.basis) for row in REQUEST_ATTRIBUTES] == published


def test_property_types_have_the_header_s_numbers(oracle: dict[str, Any]) -> None:
    """The four types are the PROPTYPE constants without the mask."""
    group = oracle["constants"]["PROPTYPE/PROPCALLER/PROPFLAGS"]
    published = {k: v for k, v in group.items() if k.startswith("PROPTYPE_")}
    del published["PROPTYPE_MASK"]
    assert {f"PROPTYPE_{kind.name}": kind.value for kind in PropType} == published


@pytest.mark.parametrize(
    ("table", "count"),
    [(REQUEST_PROPERTIES, 31), (CERTIFICATE_PROPERTIES, 25), (CA_PROPERTIES, 38)],
)
def test_counts(table: tuple[Property, ...], count: int) -> None:
    """No row is lost and none is double."""
    assert len({row.name for row in table}) == len(table) == count
