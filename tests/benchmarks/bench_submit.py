"""Submit-to-issued in memory, beside the raw `cryptography` sequence that does the same work.

The raw sequence parses the request, checks possession, builds a certificate with the same six
extensions, signs it with P-256 and encodes it. Every call takes another of 200 requests, so that
nothing is gained by remembering one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from sidebyside import race, show

import certsim

REQUESTS = 200


def make_requests() -> list[bytes]:
    """Return requests for web servers with two extensions each."""
    made = []
    for number in range(REQUESTS):
        key = ec.generate_private_key(ec.SECP256R1())
        host = f"www{number}.contoso.com"
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Contoso"),
                x509.NameAttribute(NameOID.COMMON_NAME, host),
            ]
        )
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(subject)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(usage, critical=False)
            .sign(key, hashes.SHA256())
        )
        made.append(request.public_bytes(serialization.Encoding.DER))
    return made


def raw_sequence(requests: list[bytes]) -> Callable[[], bytes]:
    """Return what a programmer would write with `cryptography` alone."""
    turn = itertools.cycle(requests)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "certsim Root CA")])
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    crl = x509.UniformResourceIdentifier(
        "http://ca.certsim.test/CertEnroll/certsim%20Root%20CA.crl"
    )
    crt = x509.UniformResourceIdentifier(
        "http://ca.certsim.test/CertEnroll/certsim%20Root%20CA.crt"
    )
    points = x509.CRLDistributionPoints([x509.DistributionPoint([crl], None, None, None)])
    issuers = AuthorityInformationAccessOID.CA_ISSUERS
    access = x509.AuthorityInformationAccess([x509.AccessDescription(issuers, crt)])

    def sequence() -> bytes:
        request = x509.load_der_x509_csr(next(turn))
        if not request.is_signature_valid:
            raise ValueError
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(request.subject)
            .issuer_name(issuer)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=10))
            .not_valid_after(now + timedelta(days=365))
        )
        for extension in request.extensions:
            builder = builder.add_extension(extension.value, critical=extension.critical)
        identifier = x509.SubjectKeyIdentifier.from_public_key(request.public_key())
        builder = builder.add_extension(identifier, critical=False)
        for value in (authority, points, access):
            builder = builder.add_extension(value, critical=False)
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    return sequence


class Reader:
    """Read three properties of every issued certificate."""

    def Initialize(self, strConfig: str, /) -> int:
        """Ask for CERTISSUED."""
        return certsim.ExitEvent.CERTISSUED

    def Notify(self, ExitEvent: int, Context: int, /) -> None:
        """Read a number, a text and a date."""
        server = certsim.Dispatch("CertificateAuthority.ServerExit")
        server.SetContext(Context)
        server.GetRequestProperty("RequestID", 1)
        server.GetCertificateProperty("SerialNumber", 4)
        server.GetCertificateProperty("NotAfter", 2)

    def GetDescription(self) -> str:
        """Say what this is."""
        return "reads three properties"


def submitter(requests: list[bytes], modules: int) -> Callable[[], object]:
    """Return a submit to a running CA with that many modules."""
    turn = itertools.cycle(requests)
    ca = certsim.CertificationAuthority(exit_modules=[Reader] * modules)
    ca.start()

    def submit() -> object:
        outcome = ca.submit(next(turn))
        if outcome.disposition != certsim.CRDisposition.ISSUED:
            raise ValueError(outcome)
        return outcome

    return submit


def main() -> None:
    """Race and print."""
    requests = make_requests()
    raw, bare, three = "raw cryptography", "submit, no modules", "submit, three modules reading"
    times = race(
        {
            raw: raw_sequence(requests),
            bare: submitter(requests, 0),
            three: submitter(requests, 3),
        },
        rounds=80,
        calls=60,
    )
    show("submit to issued, in memory", times, raw, {bare: 1.00, three: 1.05})


if __name__ == "__main__":
    main()
