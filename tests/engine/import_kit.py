"""What the tests of import share: certificates of strangers and of our own, and a CA to take them.

Certificates of strangers are made with `cryptography` alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certsim import CertificationAuthority, RowDisposition
from tests.codes import PEND, refused
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.requests_kit import make_csr, make_key

R = RowDisposition
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CA_KEY = make_key(0xCA)
TEMPLATE_NAME = "1.3.6.1.4.1.311.20.2"


def certificate(
    serial: int = 0x7001,
    *,
    signed_by: ec.EllipticCurvePrivateKey | None = None,
    issuer: str = "Stranger",
    key: ec.EllipticCurvePrivateKey | None = None,
    size: int = 0,
    template: str = "",
) -> bytes:
    """Return a certificate for `www.example.test`, by default a stranger's for a key of its own."""
    common, organization = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME
    builder = (
        x509.CertificateBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(common, issuer)]))
        .subject_name(
            x509.Name(
                [
                    x509.NameAttribute(organization, "Contoso"),
                    x509.NameAttribute(common, "www.example.test"),
                ]
            )
        )
        .public_key((key or make_key(0xBEEF)).public_key())
        .serial_number(serial)
        .not_valid_before(NOON - DAY)
        .not_valid_after(NOON + 90 * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if template:
        encoded = b"\x1e" + bytes((2 * len(template),)) + template.encode("utf-16-be")
        name = x509.ObjectIdentifier(TEMPLATE_NAME)
        builder = builder.add_extension(x509.UnrecognizedExtension(name, encoded), critical=False)
    if size:
        name = x509.ObjectIdentifier("1.3.6.1.4.1.99999.9")
        filler = x509.UnrecognizedExtension(name, bytes(size))
        builder = builder.add_extension(filler, critical=False)
    signed = builder.sign(signed_by or make_key(0xD00D), hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(Encoding.DER)


def own(serial: int = 0x7101, **more: object) -> bytes:
    """Return a certificate that the key of this file's CA has signed outside of any database."""
    return certificate(serial, signed_by=CA_KEY, issuer="Test CA", **more)  # type: ignore[arg-type]


@attrs.frozen
class Importer:
    """Hold a running CA, its policy module and its exit module."""

    ca: CertificationAuthority
    policy: kit.ScriptedPolicy
    recorder: Recorder

    def columns(self, number: int) -> dict[str, object]:
        """Return the columns of a row."""
        row = self.ca._state.shelf.get(number)
        assert row is not None
        return dict(row.columns)

    def pend(self) -> int:
        """Have a request wait and return its id; nobody has heard of it."""
        self.policy.answer = lambda _context, _new: PEND
        number = self.ca.submit(make_csr(), attributes="Colour:red").request_id
        self.recorder.heard.clear()
        return number

    def refused(self, code: int, raw: object, **more: bool) -> None:
        """Check that an import is refused with *code* and changes nothing."""
        before = kit.rows(self.ca), kit.happenings(self.ca), tuple(self.recorder.heard)
        with refused(code):
            self.ca.import_certificate(raw, **more)  # type: ignore[arg-type]
        after = kit.rows(self.ca), kit.happenings(self.ca), tuple(self.recorder.heard)
        assert after == before
