"""Renewal and subordinates through the front door: chains, keys, and lists that stay alive.

What the certificates themselves say is tested in test_ca_certificates.py. Here a CA runs, issues
and publishes before and after a renewal; what comes out is put before the openssl program and
`cryptography`.
Source: win32 SecCrypto/certification-authority-renewal; RFC 5280 4.2.1.1, 6; docs/rulings.md (The
CA's own certificates, CRLs).
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import (
    CAType,
    CCertServerExit,
    CertificationAuthority,
    ComError,
    Outcome,
    PropType,
    Sources,
)
from tests.codes import (
    CERT_E_EXPIRED,
    E_INVALIDARG,
    ISSUE,
    ON_CRL,
    PEND,
    RPC_S_SERVER_UNAVAILABLE,
    signed,
)
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.marks import needs_openssl
from tests.requests_kit import make_csr

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


def pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM)


def leaf(outcome: Outcome) -> x509.Certificate:
    """Return the certificate of an outcome that has to have one."""
    assert outcome.raw_certificate is not None
    return x509.load_der_x509_certificate(outcome.raw_certificate)


def indices(ca: CertificationAuthority) -> list[tuple[int, int]]:
    """Return certificate index and key index of each of the CA's certificates, from CA Version."""
    name = x509.ObjectIdentifier("1.3.6.1.4.1.311.21.1")
    found = []
    for certificate in ca.certificates:
        value = certificate.extensions.get_extension_for_oid(name).value
        assert isinstance(value, x509.UnrecognizedExtension)
        version = int.from_bytes(value.value[2:])
        found.append((version & 0xFFFF, version >> 16))
    return found


def identifiers(certificate: x509.Certificate) -> tuple[bytes | None, bytes | None]:
    """Return the key identifiers of the issuer and of the subject."""
    extensions = certificate.extensions
    own = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    try:
        above = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    except x509.ExtensionNotFound:
        return None, own
    return above.key_identifier, own


def verified(
    folder: Path,
    end: x509.Certificate,
    roots: Sequence[x509.Certificate],
    between: Sequence[x509.Certificate] = (),
    crls: Sequence[x509.CertificateRevocationList] = (),
) -> str:
    """Return "OK", or what `openssl verify` complains of."""
    files = {
        "roots": b"".join(map(pem, roots)),
        "between": b"".join(map(pem, between)),
        "end": pem(end),
        "crls": b"".join(crl.public_bytes(Encoding.PEM) for crl in crls),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    command = ["openssl", "verify", "-x509_strict", "-attime", f"{NOON.timestamp():.0f}"]
    command += ["-CAfile", str(folder / "roots")]
    command += ["-untrusted", str(folder / "between")] if between else []
    command += ["-crl_check", "-CRLfile", str(folder / "crls")] if crls else []
    done = subprocess.run(
        [*command, str(folder / "end")], capture_output=True, text=True, check=False
    )
    return "OK" if done.returncode == 0 else done.stderr


# Renewal


def test_indices_count_as_in_the_documented_example() -> None:
    """Eight certificates with key indices 0, 1, 1, 1, 4, 4, 6, 6."""
    with kit.make_ca() as ca:
        for new_key in (True, False, False, True, False, True, False):
            ca.renew(new_key=new_key)
        assert indices(ca) == list(enumerate([0, 1, 1, 1, 4, 4, 6, 6]))
        assert ca.certificate == ca.certificates[-1]


def test_a_renewal_is_told_to_nobody_and_makes_no_row(recorder: Recorder) -> None:
    """No event, no request; the journal says which certificate and key it is."""
    with kit.make_ca(recorder) as ca:
        ca.renew(new_key=True)
        assert recorder.events == []
        assert kit.rows(ca) == ()
        assert any("certificate 1, key 1" in str(entry) for entry in ca.journal)


def test_a_stopped_ca_is_not_renewed() -> None:
    """RPC_S_SERVER_UNAVAILABLE, and there is still one certificate."""
    ca = kit.make_ca()
    with pytest.raises(ComError) as caught:
        ca.renew()
    assert caught.value.hresult == signed(RPC_S_SERVER_UNAVAILABLE)
    assert len(ca.certificates) == 1


def test_a_key_that_cannot_be_made_leaves_all_as_it_was() -> None:
    """Seeded sources make no RSA key: E_INVALIDARG, and the old key signs on."""
    key = Sources.system().make_key("RSA-2048")
    with kit.make_ca(key=key) as ca:
        with pytest.raises(ComError) as caught:
            ca.renew(new_key=True)
        assert caught.value.hresult == signed(E_INVALIDARG)
        assert indices(ca) == [(0, 0)]
        ca.renew()
        leaf(ca.submit(make_csr())).verify_directly_issued_by(ca.certificate)


@needs_openssl
@pytest.mark.parametrize("new_key", [False, True])
def test_openssl_verifies_what_was_issued_before_and_after_a_renewal(
    tmp_path: Path, *, new_key: bool
) -> None:
    """Each under its own root; with one key for both, under either."""
    with kit.make_ca() as ca:
        early = leaf(ca.submit(make_csr()))
        ca.renew(new_key=new_key)
        late = leaf(ca.submit(make_csr()))
        old, new = ca.certificates
    assert verified(tmp_path, early, [old]) == verified(tmp_path, late, [new]) == "OK"
    crossed = [verified(tmp_path, early, [new]), verified(tmp_path, late, [old])]
    assert [answer == "OK" for answer in crossed] == [not new_key, not new_key]


def test_a_request_that_waited_is_signed_by_the_newest_key() -> None:
    """Submitted before the renewal, approved after it."""
    policy = kit.always(PEND)
    with kit.make_ca(policy=policy) as ca:
        number = ca.submit(make_csr()).request_id
        ca.renew(new_key=True)
        policy.answer = lambda _context, _new: ISSUE
        certificate = leaf(ca.resubmit(number))
        certificate.verify_directly_issued_by(ca.certificate)
        assert identifiers(certificate)[0] == identifiers(ca.certificate)[1]
        assert kit.rows(ca)[0].columns["IssuerNameID"] == 0x1_0001


def test_a_renewal_inside_the_policy_call_does_not_split_a_certificate() -> None:
    """Whichever key signs, name of the key and signature agree."""
    policy = kit.ScriptedPolicy()

    def renewing(_context: int, _new: int) -> int:
        ca.renew(new_key=True)
        return ISSUE

    policy.answer = renewing
    with kit.make_ca(policy=policy) as ca:
        for _ in range(3):
            signer_of(ca, leaf(ca.submit(make_csr())))


def signer_of(ca: CertificationAuthority, certificate: x509.Certificate) -> int:
    """Return the index of the CA certificate that the key identifier names and the key fits."""
    named, _ = identifiers(certificate)
    (index,) = (n for n, held in enumerate(ca.certificates) if identifiers(held)[1] == named)
    certificate.verify_directly_issued_by(ca.certificates[index])
    return index


def test_submits_that_race_with_renewals_are_signed_by_the_key_they_name() -> None:
    """Key identifier, signature, URLs and IssuerNameID are of one CA certificate each time."""
    with kit.make_ca(sources=Sources.system()) as ca:
        over = threading.Event()

        def submit() -> list[Outcome]:
            found = [ca.submit(make_csr())]
            while not over.is_set():
                found.append(ca.submit(make_csr()))
            return found

        workers = [kit.Worker(submit) for _ in range(3)]
        for _ in range(6):
            ca.renew(new_key=True)
        over.set()
        outcomes = [outcome for worker in workers for outcome in worker.result()]
        columns = {row.request_id: row.columns for row in kit.rows(ca)}
        for outcome in outcomes:
            certificate = leaf(outcome)
            index = signer_of(ca, certificate)
            assert columns[outcome.request_id]["IssuerNameID"] == index << 16 | index
            points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
            (name,) = points.value[0].full_name or ()
            assert unquote(name.value).endswith(f"CA({index}).crl" if index else "CA.crl")


def test_renewals_at_once_count_on_one_after_the_other() -> None:
    """No index twice, none left out."""
    with kit.make_ca(sources=Sources.system()) as ca:
        workers = [kit.Worker(lambda: ca.renew(new_key=True)) for _ in range(6)]
        for worker in workers:
            worker.result()
        assert indices(ca) == [(n, n) for n in range(7)]


# Lists of several keys


@needs_openssl
def test_both_keys_publish_lists_that_openssl_takes(tmp_path: Path) -> None:
    """Each certificate is looked up in the list of its own key, good or revoked."""
    with kit.make_ca() as ca:
        early = [ca.submit(make_csr()) for _ in range(2)]
        ca.renew(new_key=True)
        late = [ca.submit(make_csr()) for _ in range(2)]
        for outcomes in (early, late):
            ca.revoke(str(outcomes[1].serial_number), 1)
        published = ca.publish_crls(delta=False)
        roots = ca.certificates
    assert [(crl.key_index, len(list(crl.crl))) for crl in published] == [(0, 1), (1, 1)]
    for n, outcomes in enumerate((early, late)):
        good, revoked = (
            verified(tmp_path, leaf(outcome), [roots[n]], crls=[published[n].crl])
            for outcome in outcomes
        )
        assert good == "OK"
        assert "certificate revoked" in revoked


def test_certificates_with_one_key_have_one_list_between_them() -> None:
    """The newest one signs it, and it has what either of them issued."""
    with kit.make_ca() as ca:
        serials = []
        for _ in range(3):
            serials.append(str(ca.submit(make_csr()).serial_number))
            ca.renew()
        for serial in serials:
            ca.revoke(serial, 1)
        (base,) = ca.publish_crls(delta=False)
        assert base.key_index == 0
        assert {e.serial_number for e in base.crl} == {int(serial, 16) for serial in serials}
        assert all(base.crl.is_signature_valid(held.public_key()) for held in ca.certificates)


def test_an_ended_key_publishes_no_more_and_the_next_goes_on() -> None:
    """A key's lists end with its last certificate."""
    with kit.make_ca() as ca:
        clock = ca._state.sources.clock
        clock.advance(3 * YEAR)  # type: ignore[attr-defined]
        ca.renew(new_key=True)
        assert [crl.key_index for crl in ca.publish_crls(delta=False)] == [0, 1]
        clock.advance(3 * YEAR)  # type: ignore[attr-defined]
        assert [crl.key_index for crl in ca.publish_crls(delta=False)] == [1]


def test_a_module_walks_the_lists_of_both_keys_as_the_exit_sample_does() -> None:
    """CertCount, then of each index CRLState (3 valid, 1 another's), RawCRL and its suffix."""
    seen: list[tuple[int, int, str, int]] = []

    def walk(_event: int, context: int) -> None:
        server = CCertServerExit()
        server.SetContext(context)

        def read(name: str, kind: PropType) -> object:
            return server.GetCertificateProperty(name, kind)

        count = read("CertCount", PropType.LONG)
        assert isinstance(count, int)
        for n in range(count):
            state, suffix, size = read(f"CRLState.{n}", PropType.LONG), "", 0
            if state == 3:
                raw = read(f"RawCRL.{n}", PropType.BINARY)
                assert isinstance(raw, bytes)
                size = len(list(x509.load_der_x509_crl(raw)))
                suffix = str(read(f"CRLSuffix.{n}", PropType.STRING))
            seen.append((n, int(str(state)), suffix, size))

    with kit.make_ca(kit.Listener("Walker", [], ON_CRL, walk)) as ca:
        ca.revoke(str(ca.submit(make_csr()).serial_number), 1)
        ca.renew()
        ca.renew(new_key=True)
        ca.publish_crls()
        assert ca.event_log == ()
    assert seen == [(0, 3, "", 1), (1, 1, "", 0), (2, 3, "(2)", 0)]


# Subordinates


@needs_openssl
@pytest.mark.parametrize("renewed", ["nobody", "parent", "child", "both"])
def test_openssl_verifies_a_chain_of_three_after_any_renewal(tmp_path: Path, renewed: str) -> None:
    """Root, subordinate and end certificate; new keys at either level."""
    root = kit.make_ca()
    with root, CertificationAuthority("Issuing CA", issuer=root, sources=Sources.seeded(2)) as ca:
        if renewed in {"parent", "both"}:
            root.renew(new_key=True)
        if renewed in {"child", "both"}:
            ca.renew(new_key=True)
        end = leaf(ca.submit(make_csr()))
        signer = root.certificates[signer_of(root, ca.certificate)]
        assert signer == (root.certificates[-1] if renewed == "both" else signer)
        assert verified(tmp_path, end, root.certificates, ca.certificates) == "OK"
        assert identifiers(end)[0] == identifiers(ca.certificate)[1]


@needs_openssl
def test_a_chain_of_four_levels_stands(tmp_path: Path) -> None:
    """A subordinate may have subordinates."""
    levels = [kit.make_ca()]
    for n in range(3):
        above, sources = levels[-1], Sources.seeded(2 + n)
        levels.append(CertificationAuthority(f"Level {n}", issuer=above, sources=sources))
    with levels[-1] as ca:
        end = leaf(ca.submit(make_csr()))
    between = [level.certificate for level in levels[1:]]
    assert verified(tmp_path, end, [levels[0].certificate], between) == "OK"


def test_a_subordinate_is_one_by_type_and_leaves_no_trace_above(recorder: Recorder) -> None:
    """STANDALONE_SUB; the parent has no row, no event, and need not run."""
    root = kit.make_ca(recorder)
    ca = CertificationAuthority("Issuing CA", issuer=root, sources=Sources.seeded(2))
    assert ca.get_config(r"ca\CAType") == CAType.STANDALONE_SUB
    assert kit.rows(root) == ()
    with ca:
        assert ca.submit(make_csr()).raw_certificate is not None
    assert recorder.events == []


def test_a_subordinate_is_not_renewed_when_its_parent_has_ended() -> None:
    """CERT_E_EXPIRED; it goes on with the certificate it has."""
    parent, own = Sources.seeded(1), Sources.seeded(2)
    root = kit.make_ca(sources=parent)
    with CertificationAuthority("Issuing CA", issuer=root, sources=own) as ca:
        own.clock.advance(6 * YEAR)
        with pytest.raises(ComError) as caught:
            ca.renew(new_key=True)
        assert caught.value.hresult == signed(CERT_E_EXPIRED)
        assert len(ca.certificates) == 1


@needs_openssl
def test_a_revoked_subordinate_is_on_its_parents_list_once_imported(tmp_path: Path) -> None:
    """The parent keeps no row of it, so it is imported there first; then openssl refuses it."""
    with kit.make_ca() as root:
        ca = CertificationAuthority("Issuing CA", issuer=root, sources=Sources.seeded(2))
        number = root.import_certificate(ca.certificate)
        before = root.publish_crls(delta=False)[0].crl
        root.revoke(str(root.retrieve(number).serial_number), 2)
        after = root.publish_crls(delta=False)[0].crl
        roots = [root.certificate]
    assert verified(tmp_path, ca.certificate, roots, crls=[before]) == "OK"
    assert "certificate revoked" in verified(tmp_path, ca.certificate, roots, crls=[after])
