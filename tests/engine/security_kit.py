"""What the tests of roles and audit share: a CA's state without a CA, rows, and a CA with staff."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certsim import CAType, ComError, Fidelity, Sources
from certsim._engine import access, columns
from certsim._engine.journal import Journal
from certsim._engine.security import Security
from certsim._engine.state import CAState, Identity, Settings
from certsim.database.memory import MemoryShelf
from certsim.database.rows import Row, Value
from certsim.registry import Registry
from tests.codes import DENY, ISSUE, PEND, PENDING
from tests.engine import engine_kit
from tests.requests_kit import make_csr, make_key

ADMIN, OFFICER, AUDITOR, OPERATOR, READ, ENROLL = 1, 2, 4, 8, 0x100, 0x200
# Source: certsrv.h, CA_ACCESS constants
SUBMITTED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def make_state(security: Security | None = None, **values: int) -> CAState:
    """Return the furniture of a CA that started with these registry *values*."""
    registry = Registry("Test CA")
    for name, value in values.items():
        registry.write("", name, value)
    identity = Identity.of("Test CA", "ca.example.test", CAType.STANDALONE_ROOT)
    return CAState(
        identity,
        Sources.seeded(1),
        registry,
        Fidelity(),
        MemoryShelf(columns.read),
        Journal(100),
        (),
        Settings.snapshot(registry),
        security=security,
    )


def make_row(disposition: int = PENDING, **columns: Value) -> Row:
    r"""Return request 7 of CORP\alice; keywords are columns of the Certificate table."""
    return Row(
        7,
        {
            "Request.RequestID": 7,
            "Request.Disposition": disposition,
            "Request.SubmittedWhen": SUBMITTED,
            "Request.RequesterName": r"CORP\alice",
            "Request.RequestAttributes": "CertificateTemplate:WebServer\nccm:pc7",
            **columns,
        },
    )


ALICE, BOB, CAROL, DAVE, EVE = (rf"CORP\{n}" for n in ("alice", "bob", "carol", "dave", "eve"))
"""Who may enroll, is an officer, an administrator, both of these, and nothing."""
STAFF = {ALICE: ENROLL, BOB: OFFICER, CAROL: ADMIN, DAVE: ADMIN | OFFICER}


BITS = (ADMIN, OFFICER, AUDITOR, OPERATOR, READ, ENROLL)
SUBSETS = [sum(chosen) for chosen in product(*((0, bit) for bit in BITS))]
ONE_OF: Mapping[str, tuple[int, ...]] = {
    "submit": (ENROLL,),
    "retrieve": (ENROLL,),
    "set_certificate_extension": (OFFICER,),
    "set_request_attributes": (OFFICER,),
    "deny": (OFFICER,),
    "resubmit": (OFFICER,),
    "revoke": (OFFICER,),
    "import_certificate": (OFFICER,),
    "is_valid": (READ, ENROLL, OFFICER, ADMIN),
    "view": (READ, ENROLL, OFFICER, ADMIN),
    "publish_crls": (ADMIN,),
    "renew": (ADMIN,),
}
"""Whoever has one of these rights may; ENROLL is among the readers' since it implies READ."""
RESTRICTED = (
    "set_certificate_extension",
    "set_request_attributes",
    "deny",
    "resubmit",
    "revoke",
)


def refusal(state_security: Security | None, method: str, account: str = BOB, **values: int) -> int:
    """Return the HRESULT, unsigned, that a check comes to; 0 when the caller is let through."""
    try:
        access.check(make_state(state_security, **values), method, account)
    except ComError as error:
        return error.hresult & 0xFFFFFFFF
    return 0


def bob(rights: int) -> Security:
    """Return the permissions of a CA where Bob alone has any."""
    return Security({BOB: rights})


@cache
def make_stranger() -> bytes:
    """Return a certificate (DER) that no simulated CA has signed."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    builder = x509.CertificateBuilder(name, name, make_key().public_key(), 77)
    builder = builder.not_valid_before(SUBMITTED).not_valid_after(SUBMITTED.replace(year=2030))
    return builder.sign(make_key(), hashes.SHA256()).public_bytes(Encoding.DER)


class Office:
    """Be a CA with security, three rows, and an exit module that listens to everything.

    It is open inside a `with` block; tests get theirs from the fixture `open_office`.
    """

    def __init__(self, security: Security | None = None, **config: int) -> None:
        r"""Take the permissions, by default those of `STAFF`, and values of `ca\`."""
        self.heard: list[tuple[object, ...]] = []
        self.verdict = ISSUE
        policy = engine_kit.ScriptedPolicy(lambda _context, _new: self.verdict)
        self.ca = engine_kit.make_ca(
            engine_kit.Listener("Ear", self.heard),
            policy=policy,
            security=security or Security(STAFF),
            config={rf"ca\{name}": value for name, value in {"KRAFlags": 1, **config}.items()},
        )

    def __enter__(self) -> Self:
        """Start it, with request 1 issued, 2 pending and 3 denied, all of them Alice's."""
        self.ca.start()
        attributes = "CertificateTemplate:WebServer"
        for self.verdict in (ISSUE, PEND, DENY):
            self.ca.submit(make_csr(), attributes=attributes, requester=ALICE)
        self.verdict = ISSUE
        self.heard.clear()
        self.serial = str(self.ca.retrieve(1, requester=ALICE).serial_number)
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop it."""
        self.ca.stop()

    def call(self, method: str, account: str) -> object:
        """Call a verb in the name of *account*, with arguments that it could succeed with."""
        ca = self.ca
        calls: dict[str, Callable[[], object]] = {
            "submit": lambda: ca.submit(make_csr(), requester=account),
            "retrieve": lambda: ca.retrieve(1, requester=account),
            "set_certificate_extension": lambda: ca.set_certificate_extension(
                2, "1.2.3", "text", critical=True, officer=account
            ),
            "set_request_attributes": lambda: ca.set_request_attributes(2, "a:b", officer=account),
            "deny": lambda: ca.deny(2, officer=account),
            "resubmit": lambda: ca.resubmit(2, officer=account),
            "revoke": lambda: ca.revoke(self.serial, 6, officer=account),
            "import_certificate": lambda: ca.import_certificate(
                make_stranger(), allow_foreign=True, officer=account
            ),
            "is_valid": lambda: ca.is_valid(self.serial, caller=account),
            "view": lambda: list(ca.view("queue", caller=account)),
            "publish_crls": lambda: ca.publish_crls(administrator=account),
            "renew": lambda: ca.renew(administrator=account),
            "delete_rows": lambda: ca.delete_rows(row_id=3, administrator=account),
        }
        return calls[method]()


OpenOffice = Callable[..., Office]
"""What the fixture `open_office` is."""
