"""`certsim cainfo`: what the CA tells of itself, under the names certutil has for its properties.

Only what can be known of a CA that does not run is told, and no module is loaded for it: a module
goes by its ProgID here, not by the description that it would give. The moment that states refer to
is the machine's. A property with an index has a value for each certificate (of a list: for each
key, as `crlstate` tells), or for each exit module.

A name is looked up among the documented ones. What there is a reader for is answered; what there is
none for (templates, key archival, cross certificates) is known and has no value. With `--json` the
result is an array of values: name, title, index (null for a property that has none) and value: a
number, text, PEM for certificates and lists, or null.
Source: windowsserverdocs certutil (-CAInfo); sdk-api certadm/nf-certadm-icertadmin2-getcaproperty;
docs/rulings.md (Command line).
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

import certsim
from certsim import CertificationAuthority, ComError, Sources
from certsim._engine import ca_names
from certsim.cli import show_typed, show_values
from certsim.cli.command import Access, Arguments, Command, Report, UsageError
from certsim.database.rows import Value
from certsim.errors import shown
from certsim.facts.display import CA_INFO, NUMBERS, CAInfo
from certsim.facts.dispositions import CADisposition
from certsim.facts.hresults import HRESULT

_Answer = int | str | None
_Answers = _Answer | list[_Answer]
_Reader = Callable[[CertificationAuthority, datetime], _Answers]
_LONG_ONES = frozenset({"cert", "crl", "deltacrl"})
"""Properties that are told only if they are asked for by name."""
_MORE = f"""
{textwrap.fill("names: " + ", ".join(CA_INFO), 98)}

examples:
  certsim cainfo CA
  certsim cainfo CA crlstate
  certsim cainfo CA cert 0
"""


def _describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", metavar="NAME", type=str.lower, help="one property (default: all)"
    )
    parser.add_argument(
        "index", nargs="?", metavar="INDEX", type=show_typed.count, help="one of its values"
    )


def _cainfo(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Show the CA's properties: all that are short, or the one that is asked for.

    Errors: as `_asked`.
    """
    now = Sources.system().clock.now()
    name, index = arguments.maybe("name"), arguments.maybe_number("index")
    if name is None:
        found = [item for each in READERS if each not in _LONG_ONES for item in _all(ca, each, now)]
    else:
        found = _asked(ca, name, index, now)
    return Report(
        data=[
            {"name": fact.name, "title": fact.title, "index": at, "value": value}
            for fact, at, value in found
        ],
        lines=(line for item in found for line in _lines(*item)),
    )


_Item = tuple[CAInfo, int | None, _Answer]


def _asked(ca: CertificationAuthority, name: str, index: int | None, now: datetime) -> list[_Item]:
    """Return the values of one property, or the one at *index*.

    Errors: `UsageError` for a name that no property has and an index where there is none,
    `ComError` E_INVALIDARG for one past the last, CERTSRV_E_PROPERTY_EMPTY without a value.
    """
    fact = CA_INFO.get(name)
    if fact is None:
        raise UsageError(f"{shown(name)} is no property of a CA; see certsim cainfo --help")
    if index is not None and not fact.indexed:
        raise UsageError(f"{name} has one value and takes no index")
    items = _all(ca, name, now) if name in READERS else []
    if index is not None and index >= len(items) > 0:
        raise ComError(HRESULT.E_INVALIDARG, f"{name} {index}: the last index is {len(items) - 1}")
    if index is not None:
        items = items[index : index + 1]
    if all(value is None for _, _, value in items):
        raise ComError(HRESULT.CERTSRV_E_PROPERTY_EMPTY, f"this CA has no value of {name}")
    return items


def _all(ca: CertificationAuthority, name: str, now: datetime) -> list[_Item]:
    """Return all values of a property, each with its index."""
    fact, answers = CA_INFO[name], READERS[name](ca, now)
    if isinstance(answers, list):
        return [(fact, index, answer) for index, answer in enumerate(answers)]
    return [(fact, None, answers)]


def _lines(fact: CAInfo, index: int | None, value: _Answer) -> Iterator[str]:
    """Yield a property for people: its title, its index, what it is; further lines below."""
    place = "" if index is None else f"[{index}]"
    first, *rest = _told(fact.name, value)
    yield f"{fact.title}{place}: {first}".rstrip()
    for line in rest:
        yield f"  {line}"


def _told(name: str, value: _Answer) -> list[str]:
    """Return the lines of a value; the first is empty where all of them stand below the title.

    Numbers that mean something come with it, a version as `V1.0` (the certificate's number, then
    the key's), all others bare. Source: win32 SecCrypto/certification-authority-renewal.
    """
    if isinstance(value, str):
        told = value.splitlines()
        return told if len(told) == 1 else ["", *told]
    if name == "certstatuscode" and value is not None:
        return [show_values.status(value)]
    if name == "certversion" and value is not None:
        return [f"V{value & 0xFFFF}.{value >> 16}"]
    if value is not None and name not in NUMBERS:
        return [str(value)]
    return list(show_values.lines(name, value))


def _keys(ca: CertificationAuthority) -> list[int]:
    """Return for each certificate the index of its key: that of the first certificate with it."""
    spelt = [
        held.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for held in ca.certificates
    ]
    return [spelt.index(key) for key in spelt]


def _cert_states(ca: CertificationAuthority, now: datetime) -> _Answers:
    """Return for each certificate whether its time is over; none here is ever revoked."""
    return [
        int(CADisposition.INVALID if _ended(held, now) else CADisposition.VALID)
        for held in ca.certificates
    ]


def _cert_codes(ca: CertificationAuthority, now: datetime) -> _Answers:
    """Return for each certificate what a check of its chain would say: 0 or CERT_E_EXPIRED."""
    return [int(HRESULT.CERT_E_EXPIRED) if _ended(held, now) else 0 for held in ca.certificates]


def _ended(certificate: x509.Certificate, now: datetime) -> bool:
    return now > certificate.not_valid_after_utc


def _crl_states(ca: CertificationAuthority, now: datetime) -> _Answers:
    """Return for each certificate the state of its key's base CRL.

    A list belongs to a key. For a certificate that shares the key of an earlier one the answer is
    ERROR, which says that the list is told at that one's index.
    Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty (CRLState).
    """
    good = {
        key
        for key, delta, row in _published(ca)
        if not delta and isinstance(end := row["CRLNextUpdate"], datetime) and end >= now
    }
    return [
        int(
            CADisposition.ERROR
            if key != index
            else CADisposition.VALID
            if key in good
            else CADisposition.INVALID
        )
        for index, key in enumerate(_keys(ca))
    ]


def _publish_flags(ca: CertificationAuthority, *, delta: bool) -> _Answers:
    """Return for each key what became of its newest list, `None` where there is none."""
    newest: dict[int, _Answer] = {}
    for key, is_delta, row in _published(ca):
        flags = row["CRLPublishFlags"]
        if is_delta == delta and isinstance(flags, int):
            newest[key] = flags
    return [newest.get(index) for index in range(len(ca.certificates))]


def _published(
    ca: CertificationAuthority,
) -> Iterator[tuple[int, bool, dict[str, Value | None]]]:
    """Yield the lists that were signed, oldest first: index of the key, whether a delta, row."""
    columns = ("CRLNameId", "CRLMinBase", "CRLNextUpdate", "CRLPublishFlags")
    for row in ca.view("crl", columns=columns):
        name_id = row["CRLNameId"]
        yield name_id >> 16 if isinstance(name_id, int) else 0, row["CRLMinBase"] != 0, row


def _crls(ca: CertificationAuthority, *, delta: bool) -> _Answers:
    """Return the newest list (PEM) of each key, `None` where there is none."""
    return [_crl(ca, index, delta=delta) for index in range(len(ca.certificates))]


def _crl(ca: CertificationAuthority, index: int, *, delta: bool) -> _Answer:
    """Return the newest list (PEM) of the key *index*, `None` for one that never signed any."""
    try:
        return ca.crl(index, delta=delta).public_bytes(Encoding.PEM).decode("ascii")
    except ComError as error:
        if error.hresult != HRESULT.ERROR_FILE_NOT_FOUND:
            raise
        return None


def _parent(ca: CertificationAuthority, _now: datetime) -> _Answers:
    """Return the common name of the CA above, `None` for a root."""
    certificate = ca.certificate
    names = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    is_root = certificate.issuer == certificate.subject
    return None if is_root or not names else str(names[-1].value)


def _config(path: str) -> _Reader:
    """Return the reader of a value that stands in the registry, where its absence means 0."""

    def read(ca: CertificationAuthority, _now: datetime) -> _Answers:
        value = ca.get_config(path)
        return value if isinstance(value, int | str) else 0

    return read


READERS: Mapping[str, _Reader] = {
    "file": lambda _ca, _now: f"certsim {certsim.__version__}",
    "product": lambda _ca, _now: f"certsim {certsim.__version__}",
    "exitcount": lambda ca, _: len(ca.exit_modules),
    "exit": lambda ca, _: list(ca.exit_modules),
    "policy": lambda ca, _: ca.policy_module,
    "name": lambda ca, _: ca.name,
    "sanitizedname": lambda ca, _: ca_names.sanitize(ca.name),
    "dsname": lambda ca, _: ca_names.sanitize_short(ca.name),
    "type": _config(r"ca\CAType"),
    "parent": _parent,
    "certcount": lambda ca, _: len(ca.certificates),
    # There is no key archival here.
    "xchgcount": lambda _ca, _now: 0,
    "kracount": lambda _ca, _now: 0,
    "kraused": lambda _ca, _now: 0,
    "certstate": _cert_states,
    "certversion": lambda ca, _: [key << 16 | at for at, key in enumerate(_keys(ca))],
    "certstatuscode": _cert_codes,
    "crlstate": _crl_states,
    "cert": lambda ca, _: [
        held.public_bytes(Encoding.PEM).decode("ascii") for held in ca.certificates
    ],
    "crl": lambda ca, _: _crls(ca, delta=False),
    "deltacrl": lambda ca, _: _crls(ca, delta=True),
    "crlstatus": lambda ca, _: _publish_flags(ca, delta=False),
    "deltacrlstatus": lambda ca, _: _publish_flags(ca, delta=True),
    "dns": _config(r"ca\CAServerName"),
    "role": _config(r"ca\RoleSeparationEnabled"),
}
"""What there is an answer for; the other names of `CA_INFO` are known and have no value."""

COMMANDS = (
    Command(
        name="cainfo",
        group="looking",
        help="show the CA's properties: names, modules, certificates, state of its CRLs",
        describe=_describe,
        more=_MORE,
        access=Access.READ,
        run=_cainfo,
    ),
)
