"""What the tests of values and bytes share: requests, modules that look, and errors by their code.

Assertions made inside a module would end in the event log, since the engine survives everything
a module does. So modules here carry what they saw, or what went wrong, back to the test.
Requests are made with cryptography; nothing in this room looks into certsim's own code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

import certsim
from tests.codes import ISSUE

LONG, DATE, BINARY, STRING = 1, 2, 3, 4
TYPES = {"LONG": LONG, "DATE": DATE, "BINARY": BINARY, "STRING": STRING}
PYTHON_TYPES = {LONG: "int", DATE: "datetime", BINARY: "bytes", STRING: "str"}

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
T = TypeVar("T")


@cache
def facts() -> dict[str, Any]:
    """Return the published facts, as data."""
    path = Path(__file__).parents[1] / "data" / "facts.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def key(kind: str = "P-256") -> Key:
    """Return the one key of a kind; only an RSA key is made by chance."""
    if kind == "RSA":
        return rsa.generate_private_key(65537, 2048)
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(b"certsim".ljust(32))
    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    return ec.derive_private_key(0xC0FFEE, curves[kind])


def spki(kind: str = "P-256") -> bytes:
    """Return the encoded public key of the key of a kind."""
    return key(kind).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    """Return a name of these parts, in the order given."""
    return x509.Name([x509.NameAttribute(kind, text, _validate=False) for kind, text in parts])


WWW = name((NameOID.COMMON_NAME, "www"))


def csr(
    subject: x509.Name = WWW,
    *extensions: x509.ExtensionType,
    kind: str = "P-256",
    critical: Sequence[str] = (),
) -> x509.CertificateSigningRequest:
    """Return a signed PKCS #10 request; *critical* lists OIDs of extensions marked so."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for extension in extensions:
        builder = builder.add_extension(extension, extension.oid.dotted_string in critical)
    signer = key(kind)
    if isinstance(signer, ec.EllipticCurvePrivateKey):
        return builder.sign(signer, hashes.SHA256(), ecdsa_deterministic=True)
    return builder.sign(signer, None if kind == "Ed25519" else hashes.SHA256())


def usage(*bits: str) -> x509.KeyUsage:
    """Return a KeyUsage with these bits set."""
    names = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: name in bits for name in names})


def attempt(call: Callable[..., T], *arguments: object) -> T | str:
    """Return what *call* answers, or its COM error as `0x…` text."""
    try:
        return call(*arguments)
    except certsim.ComError as error:
        return f"0x{error.hresult & 0xFFFFFFFF:08X}"


def code(number: int) -> str:
    """Return an HRESULT the way `attempt` tells it."""
    return f"0x{number:08X}"


class Probe(Generic[T]):
    """Be an exit module that looks at each event through a fresh server object."""

    def __init__(self, look: Callable[[Any], T], mask: int = 0x3F) -> None:
        self._look, self._mask = look, mask
        self.seen: list[T] = []
        self.errors: list[BaseException] = []
        self.contexts: list[int] = []

    def Initialize(self, strConfig: str, /) -> int:
        return self._mask

    def Notify(self, ExitEvent: int, Context: int, /) -> None:
        server = certsim.Dispatch("CertificateAuthority.ServerExit")
        server.SetContext(Context)
        self.contexts.append(Context)
        try:
            self.seen.append(self._look(server))
        except BaseException as error:
            self.errors.append(error)

    def GetDescription(self) -> str:
        return "Looks"

    def first(self) -> T:
        """Return what the first look saw, or raise what it raised."""
        for error in self.errors:
            raise error
        return self.seen[0]


def authority(
    *exits: object,
    policy: object = None,
    config: Mapping[str, Any] | None = None,
    seed: int = 1,
    **more: Any,
) -> certsim.CertificationAuthority:
    """Return a stopped CA whose chance and clock repeat."""
    more.setdefault("sources", certsim.Sources.seeded(seed))
    return certsim.CertificationAuthority(
        "Lab CA", exit_modules=exits, policy_module=policy, config=config, **more
    )


def always(verdict: object) -> Callable[[Any, int], Any]:
    """Return a policy function that answers *verdict*."""
    return lambda _server, _context: verdict


def in_notify(
    look: Callable[[Any], T],
    request: object = None,
    *,
    verdict: object = ISSUE,
    attributes: str = "",
    **more: Any,
) -> T:
    """Return what *look* sees through a server object at the context of a submit's event."""
    probe = Probe(look)
    policy = more.pop("policy", None) or always(verdict)
    with authority(probe, policy=policy, **more) as ca:
        ca.submit(csr() if request is None else request, attributes=attributes)
    return probe.first()


def in_policy(
    look: Callable[[Any], T], request: object = None, *, attributes: str = "", **more: Any
) -> T:
    """Return what *look* sees through the policy module's server object."""
    found: list[T] = []
    errors: list[BaseException] = []

    def decide(server: Any, _context: int) -> int:
        try:
            found.append(look(server))
        except BaseException as error:
            errors.append(error)
        return ISSUE

    with authority(policy=decide, **more) as ca:
        ca.submit(csr() if request is None else request, attributes=attributes)
    for error in errors:
        raise error
    return found[0]


def issued_after(
    change: Callable[[Any], object], request: object = None, **more: Any
) -> x509.Certificate:
    """Return the certificate issued once policy has made a *change* through its server object."""

    def decide(server: Any, _context: int) -> int:
        change(server)
        return ISSUE

    with authority(policy=decide, **more) as ca:
        outcome = ca.submit(csr() if request is None else request)
    assert outcome.certificate is not None, str(outcome)
    return outcome.certificate


def shelf(ca: certsim.CertificationAuthority) -> list[object]:
    """Return every row of the CA as it stands, to compare with a later look."""
    return list(ca._state.shelf)
