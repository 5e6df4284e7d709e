"""What the tests of roles and audit share: a CA's state without a CA, rows, and a CA with staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certsim import CAType, Fidelity, Sources
from certsim._engine.journal import Journal
from certsim._engine.security import Security
from certsim._engine.state import CAState, Identity, Settings
from certsim.database.memory import MemoryShelf
from certsim.database.rows import Row, Value
from certsim.registry import Registry
from tests.engine import engine_kit
from tests.requests_kit import make_csr, make_key

ADMIN, OFFICER, AUDITOR, OPERATOR, READ, ENROLL = 1, 2, 4, 8, 0x100, 0x200
# Source: certsrv.h, CA_ACCESS constants
ACCESS_DENIED, ROLE_CONFLICT, RESTRICTED_OFFICER = 0x80070005, 0x80094008, 0x80094009
E_INVALIDARG = 0x80070057
# As winerror.h spells them.
SUBMITTED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
PENDING, ISSUED, REVOKED, FAILED, DENIED = 9, 20, 21, 30, 31
# Source: certsrv.h, DB_DISP constants


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
        MemoryShelf(),
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
TO_ISSUE, TO_PEND, TO_REFUSE = 1, 0, 2


@cache
def make_stranger() -> bytes:
    """Return a certificate (DER) that no simulated CA has signed."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    builder = x509.CertificateBuilder(name, name, make_key().public_key(), 77)
    builder = builder.not_valid_before(SUBMITTED).not_valid_after(SUBMITTED.replace(year=2030))
    return builder.sign(make_key(), hashes.SHA256()).public_bytes(Encoding.DER)


class Office:
    """Be a CA with security, three rows, and an exit module that listens to everything."""

    def __init__(self, security: Security | None = None, **config: int) -> None:
        """Start it, with request 1 issued, 2 pending and 3 denied, all of them Alice's."""
        self.heard: list[tuple[object, ...]] = []
        self.verdict = TO_ISSUE
        policy = engine_kit.ScriptedPolicy(lambda _context, _new: self.verdict)
        self.ca = engine_kit.make_ca(
            engine_kit.Listener("Ear", self.heard),
            policy=policy,
            security=security or Security(STAFF),
            config={rf"ca\{name}": value for name, value in {"KRAFlags": 1, **config}.items()},
        )
        self.ca.start()
        attributes = "CertificateTemplate:WebServer"
        for self.verdict in (TO_ISSUE, TO_PEND, TO_REFUSE):
            self.ca.submit(make_csr(), attributes=attributes, requester=ALICE)
        self.verdict = TO_ISSUE
        self.heard.clear()
        self.serial = str(self.ca.retrieve(1, requester=ALICE).serial_number)

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
