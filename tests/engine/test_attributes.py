"""Request attributes: one line, one attribute, and no way to smuggle in another.

Source: MS-WCCE 3.2.1.4.2.1.2; certutil -schema, published output (limits of the columns); sdk-api
certadm/nf-certadm-icertadmin-setrequestattributes (limits of the call).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import E_INVALIDARG, ISSUE, PEND, refused, signed
from tests.engine import der_builder as der
from tests.engine import values_kit as kit

NAME_VALUE = "1.3.6.1.4.1.311.13.2.1"
OS_VERSION, CSP = "1.3.6.1.4.1.311.13.2.3", "1.3.6.1.4.1.311.13.2.2"


def rows(
    attributes: str | Mapping[str, str], request: object = None, *, pend: bool = False
) -> list[tuple[str, str]]:
    """Return the attributes a module enumerates, each with its value."""

    def look(server: Any) -> list[tuple[str, str]]:
        server.EnumerateAttributesSetup(0)
        names = list(iter(server.EnumerateAttributes, None))
        return [(name, server.GetRequestAttribute(name)) for name in names]

    probe = kit.Probe(look)
    with kit.authority(probe, policy=kit.always(PEND if pend else ISSUE)) as ca:
        ca.submit(kit.csr() if request is None else request, attributes=attributes)
    return probe.first()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("A:1", [("A", "1")]),
        ("A:1\nB:2", [("A", "1"), ("B", "2")]),
        ("A:1\r\nB:2\r\n", [("A", "1"), ("B", "2")]),
        ("A:1\rB:2", [("A", "1"), ("B", "2")]),
        ("  Cert-ificate Temp-late : Web Server  ", [("CertificateTemplate", "Web Server")]),
        ("A:b:c=d", [("A", "b:c=d")]),
        ("no colon\nA:1\n:value\nname:\n: \n - :x\n\n", [("A", "1")]),
        ("A:1\na:2", [("a", "2")]),
        ("A-B:1\nab:2", [("ab", "2")]),
        ("A:\t1\t", [("A", "1")]),
        ("Größe:東京", [("Größe", "東京")]),
    ],
)
def test_lines(text: str, expected: list[tuple[str, str]]) -> None:
    """Names lose blanks and minus signs, values their outer blanks; broken lines are skipped."""
    assert rows(text) == expected


def test_the_text_itself_is_kept_as_sent() -> None:
    """RequestAttributes holds what the client sent, broken lines and all."""
    text = " A-b : 1 \nbroken\n"
    found = kit.in_notify(
        lambda s: s.GetRequestProperty("RequestAttributes", kit.STRING), attributes=text
    )
    assert found == text


def test_a_mapping_is_sent_as_lines() -> None:
    """A mapping becomes one line for each item, in order."""
    found = kit.in_notify(
        lambda s: s.GetRequestProperty("RequestAttributes", kit.STRING),
        attributes={"CertFile": "true", "B": "2"},  # type: ignore[arg-type]
    )
    assert found == "CertFile:true\nB:2"


names = st.text(
    st.one_of(st.characters(), st.sampled_from(list(" -:\n\r\t\v\f\x85\u2028\x1c\x00"))), max_size=8
)


def normal(name: str) -> str:
    """Return a name without what does not count in it."""
    return "".join(char for char in name if char not in " -\t")


@settings(max_examples=150, deadline=None)
@given(given_attributes=st.dictionaries(names, names, max_size=4))
@example({"A": "1\nAdmin:true"})
@example({"A": "1\rAdmin:true"})
@example({"A": "1\u2028Admin:true"})
@example({"A": "1\x0bAdmin:true"})
@example({"A:Admin": "true"})
def test_a_mapping_cannot_forge_a_further_attribute(given_attributes: dict[str, str]) -> None:
    """For all mappings: refused, or exactly the attributes that were given and no others."""
    try:
        found = rows(given_attributes)
    except certsim.ComError as error:
        assert error.hresult == signed(E_INVALIDARG)  # noqa: PT017
        assert any(set("\r\n") & set(k + v) or ":" in k for k, v in given_attributes.items())
        return
    model = {
        normal(name).lower(): (normal(name), value.strip(" \t"))
        for name, value in given_attributes.items()
        if normal(name) and value.strip(" \t")
    }
    assert sorted(found) == sorted(model.values())


@settings(max_examples=150, deadline=None)
@given(values=st.lists(st.text(max_size=10), max_size=5))
def test_only_line_ends_separate_attributes(values: list[str]) -> None:
    """For all texts the number of attributes is at most that of lines by CR and LF alone."""
    text = "".join(f"N{index}:{value}\n" for index, value in enumerate(values))
    found = rows(text)
    lines = text.replace("\r", "\n").split("\n")
    assert len(found) <= len([line for line in lines if ":" in line])
    for name, value in found:
        assert not set(name + value) & set("\r\n")


@pytest.mark.parametrize("bad", [7, None, b"A:1", ["A:1"], {"A": 1}, {1: "A"}])
def test_attributes_are_text_or_a_mapping_of_texts(bad: Any) -> None:
    """Anything else is E_INVALIDARG and makes no row."""
    with kit.authority() as ca:
        with refused(E_INVALIDARG):
            ca.submit(kit.csr(), attributes=bad)
        assert kit.shelf(ca) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("N" * 254 + ":v", 0),
        ("N" * 255 + ":v", signed(E_INVALIDARG)),
        ("N:" + "v" * 8192, 0),
        ("N:" + "v" * 8193, signed(E_INVALIDARG)),
        ("x" * 65_536, 0),
        ("x" * 65_537, signed(E_INVALIDARG)),
    ],
)
def test_attributes_keep_to_their_columns(text: str, status: int) -> None:
    """Names to 254, values to 8,192 characters, the text to 65,536; more is a Failed row."""
    with kit.authority() as ca:
        outcome = ca.submit(kit.csr(), attributes=text)
        assert outcome.status == status
        assert ca.retrieve(1).disposition == (3 if status == 0 else 1)


def test_the_kept_text_may_be_cut_short() -> None:
    """RequestAttributes keeps 32,768 characters, as its column does."""
    found = kit.in_notify(
        lambda s: s.GetRequestProperty("RequestAttributes", kit.STRING), attributes="x" * 40_000
    )
    assert found == "x" * 32_768


# --- attributes inside the request ---------------------------------------------------------------


def pair(name: str, value: str) -> bytes:
    """Return a name-value attribute of a request."""
    return der.attribute(NAME_VALUE, der.seq(der.bmp(name), der.bmp(value)))


def test_attributes_inside_the_request_are_read() -> None:
    """Name-value pairs, the client's system and its key provider become attributes."""
    version = der.attribute(OS_VERSION, der.der(0x16, b"10.0.26100.2"))
    provider = der.attribute(CSP, der.seq(der.integer(1), der.bmp("Lab Provider"), der.bits(b"")))
    request = der.pkcs10(kit.key(), pair("Cert-File", "yes"), version, provider)
    assert dict(rows("", request)) == {
        "CertFile": "yes",
        "RequestOSVersion": "10.0.26100.2",
        "RequestCSPProvider": "Lab Provider",
    }


def test_attributes_sent_beside_the_request_win() -> None:
    """An attribute sent with the request replaces one of its name inside it."""
    request = der.pkcs10(kit.key(), pair("CertFile", "inside"), pair("Other", "kept"))
    assert sorted(rows("cert-file:outside", request)) == [
        ("Other", "kept"),
        ("certfile", "outside"),
    ]


def test_there_is_one_row_for_each_name() -> None:
    """A request that names an attribute twice inside gets one row for it, as the table has."""
    request = der.pkcs10(kit.key(), pair("CertFile", "first"), pair("certfile", "second"))
    assert len(rows("", request)) == 1


# --- set_request_attributes ----------------------------------------------------------------------


def test_an_officer_adds_and_replaces_attributes() -> None:
    """Rows are merged by name; the text that was sent stays as it was."""
    seen: list[tuple[object, ...]] = []

    class Reader:
        def Initialize(self, strConfig: str, /) -> int:
            return certsim.ExitEvent.CERTISSUED

        def Notify(self, ExitEvent: int, Context: int, /) -> None:
            server = certsim.CCertServerExit()
            server.SetContext(Context)
            server.EnumerateAttributesSetup(0)
            found = list(iter(server.EnumerateAttributes, None))
            text = server.GetRequestProperty("RequestAttributes", kit.STRING)
            seen.append((found, [server.GetRequestAttribute(name) for name in found], text))

        def GetDescription(self) -> str:
            return "Reads"

    with kit.authority(Reader(), policy=kit.always(PEND)) as ca:
        ca.submit(kit.csr(), attributes="A:1\nB:2")
        ca.set_request_attributes(1, "b:3\nC-c:4\nbroken")
        ca.resubmit(1)
    assert seen == [(["A", "b", "Cc"], ["1", "3", "4"], "A:1\nB:2")]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("N" * 127 + ":v", True),
        ("N" * 128 + ":v", False),
        ("N:" + "v" * 4096, True),
        ("N:" + "v" * 4097, False),
    ],
)
def test_an_officers_attributes_have_tighter_limits(text: str, allowed: bool) -> None:
    """SetRequestAttributes takes names of 127 and values of 4,096 characters."""
    with kit.authority(policy=kit.always(PEND)) as ca:
        ca.submit(kit.csr())
        before = kit.shelf(ca)
        if allowed:
            ca.set_request_attributes(1, text)
            assert kit.shelf(ca) != before
        else:
            with refused(E_INVALIDARG):
                ca.set_request_attributes(1, text)
            assert kit.shelf(ca) == before
