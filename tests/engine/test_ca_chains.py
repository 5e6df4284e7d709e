"""Chains of CA certificates: what hangs on which key before and after renewals.

Chains go to `openssl verify`, at a moment by the CA's clock.
Source: win32 SecCrypto/certification-authority-renewal; docs/rulings.md (The CA's own
certificates).
"""

from __future__ import annotations

import subprocess
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certsim import CertificationAuthority
from certsim._engine import ca_certificates
from certsim._engine import x509 as certificates
from certsim._engine.x509 import CACertificate
from certsim.sources import Sources
from tests.codes import E_INVALIDARG, refused
from tests.engine import engine_kit
from tests.engine import values_kit as kit
from tests.engine.ca_certificates_kit import (
    KINDS,
    NEW,
    NOW,
    PAIRS,
    SAME,
    ca_key,
    equipped,
    parsed,
    root,
    seeded,
    sha1,
    under,
    version,
)
from tests.marks import needs_openssl


def end_certificate(issuer: CACertificate) -> bytes:
    """Return a certificate for the P-256 key that *issuer* signed, good for a day."""
    life = (NOW, NOW + timedelta(days=1))
    rows, subject = tuple(issuer.constants), kit.WWW.public_bytes()
    return certificates.build(issuer, "10" * 10, *life, subject, kit.spki(), rows, issuer.constants)


# Chains


def pem(path: Path, *certificates: bytes) -> Path:
    """Write certificates (DER) into one PEM file."""
    read = [x509.load_der_x509_certificate(raw) for raw in certificates]
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in read))
    return path


def verifies(folder: Path, trusted: CACertificate, leaf: bytes, *between: CACertificate) -> bool:
    """Tell whether `openssl verify` takes *leaf*, at noon of the day that all were made."""
    command = ["openssl", "verify", "-x509_strict", "-attime", f"{NOW.timestamp():.0f}"]
    command += ["-CAfile", str(pem(folder / "trusted.pem", trusted.raw))]
    if between:
        middle = pem(folder / "between.pem", *(held.raw for held in between))
        command += ["-untrusted", str(middle)]
    command.append(str(pem(folder / "leaf.pem", leaf)))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is done.stdout.endswith("OK\n"), done.stderr
    return done.returncode == 0


@needs_openssl
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_takes_a_root_and_its_renewals(kind: str, tmp_path: Path) -> None:
    """Each certificate of a renewed root verifies itself and what was signed under it."""
    first = root(kind)
    same = ca_certificates.renew(first, seeded(seed=2))
    new = ca_certificates.renew(same, seeded(seed=3), ca_key("P-384"))
    for held in (first, same, new):
        assert verifies(tmp_path, held, held.raw)
        assert verifies(tmp_path, held, end_certificate(equipped(held)))


@needs_openssl
def test_what_was_signed_before_a_renewal_hangs_on_the_key(tmp_path: Path) -> None:
    """An older certificate verifies under a renewal with the same key, not under a new key."""
    first = root()
    leaf = end_certificate(equipped(first))
    same = ca_certificates.renew(first, seeded(seed=2))
    new = ca_certificates.renew(first, seeded(seed=3), ca_key("P-384"))
    assert verifies(tmp_path, same, leaf)
    assert not verifies(tmp_path, new, leaf)


@needs_openssl
@pytest.mark.parametrize(("above", "below"), PAIRS)
def test_openssl_takes_a_subordinate(above: str, below: str, tmp_path: Path) -> None:
    """Root, subordinate and end certificate make a chain, whatever the two kinds of key."""
    parent = equipped(root(above))
    sub = under(parent, below)
    leaf = end_certificate(equipped(sub, "Sub"))
    assert verifies(tmp_path, parent, sub.raw)
    assert verifies(tmp_path, parent, leaf, sub)
    assert not verifies(tmp_path, parent, leaf)


@needs_openssl
@pytest.mark.parametrize("new", [SAME, NEW], ids=["same key", "new key"])
def test_openssl_takes_three_levels_with_a_renewed_one_between(new: bool, tmp_path: Path) -> None:
    """A CA below a CA below a root verifies, also after the one between has been renewed."""
    top = equipped(root("RSA"))
    middle = under(top, "P-256", "Middle")
    renewed = ca_certificates.renew(
        middle, seeded(seed=4), ca_key("P-521") if new else None, equipped(top)
    )
    low = under(equipped(renewed, "Middle"), "P-384", "Low")
    leaf = end_certificate(equipped(low, "Low"))
    assert verifies(tmp_path, top, leaf, renewed, low)
    assert verifies(tmp_path, top, leaf, middle, low) is not new


@needs_openssl
def test_openssl_shows_what_is_in_a_renewal(tmp_path: Path) -> None:
    """The openssl program reads the same indices, hash and limits from a subordinate's renewal."""
    parent = equipped(root())
    first = under(parent)
    second = ca_certificates.renew(first, seeded(seed=4), ca_key("RSA"), parent)
    public = parsed(second).public_key()
    assert public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == kit.spki("RSA")
    path = pem(tmp_path / "second.pem", second.raw)
    shown = subprocess.run(
        ["openssl", "asn1parse", "-in", path], capture_output=True, text=True, check=True
    ).stdout.upper()
    assert f"[HEX DUMP]:0414{sha1(first.raw).hex()}".upper() in shown
    assert "[HEX DUMP]:0203010001" in shown


# At the front door


def the_cas(ca: CertificationAuthority) -> CACertificate:
    """Return the certificate that the CA signs with."""
    return ca._state.issuer


@needs_openssl
@pytest.mark.parametrize("started", [True, False], ids=["running parent", "stopped parent"])
@pytest.mark.parametrize("new", [SAME, NEW], ids=["same key", "new key"])
def test_a_subordinate_ca_issues_before_and_after_its_renewal(
    new: bool, started: bool, tmp_path: Path
) -> None:
    """Both of a subordinate's certificates have its parent's URLs, and chains through either hold.

    The parent need not have been started, and has no row of it.
    """
    above = CertificationAuthority("Root", sources=Sources.seeded(1))
    below = CertificationAuthority("Sub", sources=Sources.seeded(2), issuer=above)
    chains = []
    with above if started else nullcontext(), below as ca:
        for step in range(2):
            if step:
                ca.renew(new_key=new)
            issued = ca.submit(kit.csr()).raw_certificate
            assert issued is not None
            chains.append((the_cas(ca), issued))
    for index, (held, issued) in enumerate(chains):
        assert version(held) == (index, index if new else 0)
        urls = parsed(held).extensions.get_extension_for_class(x509.CRLDistributionPoints)
        assert "/Root.crl" in str(urls.value)
        assert verifies(tmp_path, the_cas(above), issued, held)
    assert engine_kit.rows(above) == ()


def test_a_key_that_sources_cannot_make_again_leaves_the_ca_as_it_was() -> None:
    """Seeded sources make no RSA key: a renewal with a new key is refused, one without is not."""
    key = ca_key("RSA")
    with CertificationAuthority("Root", sources=Sources.seeded(1), key=key) as ca:
        first = the_cas(ca)
        with refused(E_INVALIDARG):
            ca.renew(new_key=True)
        assert the_cas(ca) is first
        ca.renew()
        assert version(the_cas(ca)) == (1, 0)


def test_a_new_key_is_of_the_kind_of_the_last() -> None:
    """A CA on P-384 renews to another key on P-384, which it signs with at once."""
    with CertificationAuthority("Root", sources=Sources.seeded(1), key="P-384") as ca:
        old: Any = ca.certificate.public_key()
        ca.renew(new_key=True)
        new: Any = ca.certificate.public_key()
        issued = ca.submit(kit.csr()).certificate
        assert issued is not None
        issued.verify_directly_issued_by(ca.certificate)
    assert new.curve.name == old.curve.name == "secp384r1"
    assert new != old
