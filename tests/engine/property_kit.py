"""What the tests of property reading share: one request, and a look at every name there is.

Names, types and stages come from the copy of the published facts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.codes import CERTSRV_E_PROPERTY_EMPTY, E_INVALIDARG
from tests.engine import values_kit as kit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Where the clock of seeded sources stands."""
SUBJECT = kit.name(
    (NameOID.COUNTRY_NAME, "DE"),
    (NameOID.ORGANIZATION_NAME, "Contoso, Ltd."),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "Lab"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "Room 1"),
    (NameOID.COMMON_NAME, "www"),
)
ALTERNATIVE = x509.SubjectAlternativeName([x509.DNSName("www.test")])
REQUEST = kit.csr(SUBJECT, ALTERNATIVE)
EMPTY, WRONG = kit.code(CERTSRV_E_PROPERTY_EMPTY), kit.code(E_INVALIDARG)
OWNER = r"CONTOSO\alice"


def kind_of(row: dict[str, str]) -> int | None:
    """Return the PROPTYPE of a fact row, `None` where the facts do not know it."""
    return kit.TYPES.get(row["type"].rstrip("?"))


def read_all(
    table: str, call: Callable[[str, int], object], *, wrong: bool = False
) -> dict[str, object]:
    """Return what *call* answers for every name of a fact *table*, with its type or the others."""
    found: dict[str, object] = {}
    for row in kit.facts()[table]:
        right = kind_of(row)
        kinds = [1, 2, 3, 4] if right is None else [right]
        if wrong:
            kinds = (
                [] if right is None else [other for other in (1, 2, 3, 4, 0, 5) if other != right]
            )
        for kind in kinds:
            found[f"{row['name']}/{kind}"] = kit.attempt(call, row["name"], kind)
    return found


def expected(table: str, values: dict[str, object]) -> dict[str, object]:
    """Return the model's answers for every name of a fact *table*."""
    found: dict[str, object] = {}
    for row in kit.facts()[table]:
        right = kind_of(row)
        for kind in [1, 2, 3, 4] if right is None else [right]:
            found[f"{row['name']}/{kind}"] = values.get(row["name"], EMPTY)
    return found
