"""Edges of errands and places: who configures, what waits for a start, where paths may lead.

The codes are spelled as winerror.h has them; URLs as Microsoft's pages show them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509

from certsim import CAAccess, CertificationAuthority, ComError, Security, Sources
from certsim._engine.audit import AuditEntry
from certsim._engine.journal import Call, Transition
from certsim.registry import RegistryValue
from tests.codes import E_INVALIDARG, ERROR_PATH_NOT_FOUND, RPC_S_SERVER_UNAVAILABLE
from tests.requests_kit import make_csr

CONFIG_AUDITED = 0x40
# Source: MS-CSRA 3.1.4.2.10


def _code(call: Callable[[], object]) -> int:
    """Return the unsigned HRESULT that *call* fails with."""
    with pytest.raises(ComError) as caught:
        call()
    return caught.value.hresult & 0xFFFFFFFF


@pytest.fixture
def ca() -> Iterator[CertificationAuthority]:
    """Run a CA as it is delivered."""
    with CertificationAuthority("Test CA", sources=Sources.seeded(1)) as running:
        yield running


def _urls(
    kind: type[x509.CRLDistributionPoints | x509.FreshestCRL],
    held: x509.Certificate | x509.CertificateRevocationList,
) -> list[str]:
    points = held.extensions.get_extension_for_class(kind).value
    return [name.value for point in points for name in point.full_name or ()]


@pytest.mark.parametrize("administrator", [5, b"CORP\\carol", None])
def test_a_configuration_by_somebody_without_a_name_is_refused_and_changes_nothing(
    ca: CertificationAuthority, administrator: object
) -> None:
    """An administrator who is no text is E_INVALIDARG, as with every other verb."""
    wrong: Any = administrator
    assert _code(lambda: ca.set_config(r"ca\New", 1, administrator=wrong)) == E_INVALIDARG
    assert ca.get_config(r"ca\New") is None


def test_a_refused_configuration_stands_in_the_journal() -> None:
    """The journal keeps the call that an account without the right has made."""
    security = Security({"carol": CAAccess.ADMIN, "alice": CAAccess.ENROLL})
    ca = CertificationAuthority("Test CA", sources=Sources.seeded(1), security=security)
    with pytest.raises(ComError):
        ca.set_config(r"ca\New", 1, administrator="alice")
    assert [entry.by for entry in ca.journal if isinstance(entry, Call)] == ["alice"]


@pytest.mark.parametrize(("value", "told"), [(("a", "b"), "a\nb"), (True, 1)])
def test_the_audit_tells_a_configured_value_as_the_registry_keeps_it(
    value: RegistryValue, told: object
) -> None:
    """A tuple is a list of text and a truth value a number; event 4891 says so."""
    config: dict[str, RegistryValue] = {r"ca\AuditFilter": CONFIG_AUDITED}
    with CertificationAuthority("Test CA", sources=Sources.seeded(1), config=config) as ca:
        ca.set_config(r"ca\New", value)
        entries = [entry for entry in ca.journal if isinstance(entry, AuditEntry)]
    assert dict(entries[-1].fields)["Value"] == told


def test_a_misspelt_overlap_waits_for_the_next_start(ca: CertificationAuthority) -> None:
    """An overlap counts from the next start, so one that is wrong by then spoils no run before."""
    ca.set_config(r"ca\CRLPeriodUnits", 30)
    ca.set_config(r"ca\CRLPeriod", "Days")
    (before,) = ca.publish_crls(delta=False)
    ca.set_config(r"ca\CRLOverlapPeriod", "Fortnights")
    (after,) = ca.publish_crls(delta=False)
    assert after.crl.next_update_utc == before.crl.next_update_utc
    assert not ca.event_log


def test_default_periods_leave_the_overlap_of_the_start_alone() -> None:
    """A run that takes the default periods, for those set are unusable, keeps the overlap."""
    config: dict[str, RegistryValue] = {r"ca\CRLOverlapUnits": 2, r"ca\CRLOverlapPeriod": "Days"}
    with CertificationAuthority("Test CA", sources=Sources.seeded(1), config=config) as ca:
        (before,) = ca.publish_crls(delta=False)
        ca.set_config(r"ca\CRLPeriod", "Fortnights")
        (after,) = ca.publish_crls(delta=False)
    assert after.crl.next_update_utc == before.crl.next_update_utc


def test_the_url_of_a_delta_has_a_plus_sign() -> None:
    """TechNet dd379478: the plus sign stands in the URI, which is why IIS had to be told."""
    config: dict[str, RegistryValue] = {
        r"ca\CRLPublicationURLs": ["4:http://%1/%3%8%9.crl"],
        r"ca\CRLDeltaPeriodUnits": 1,
    }
    with CertificationAuthority("Test", sources=Sources.seeded(1), config=config) as ca:
        base = ca.publish_crls()[0].crl
    assert _urls(x509.FreshestCRL, base) == ["http://ca.certsim.test/Test+.crl"]


def test_an_ldap_url_ends_with_the_configuration_name_as_it_is() -> None:
    """KB289749 shows CN=Services,CN=Configuration,DC=… with its commas."""
    line = "2:ldap:///CN=%7%8,CN=%2,CN=CDP,CN=Public Key Services,CN=Services,%6%10"
    config: dict[str, RegistryValue] = {
        r"ca\UseDS": 1,
        r"ca\DSConfigDN": "CN=Configuration,DC=example,DC=test",
        r"ca\CRLPublicationURLs": [line],
    }
    with CertificationAuthority("Test", sources=Sources.seeded(1), config=config) as ca:
        issued = ca.submit(make_csr()).certificate
    assert issued is not None
    (url,) = _urls(x509.CRLDistributionPoints, issued)
    assert "CN=Services,CN=Configuration,DC=example,DC=test?certificateRevocationList" in url


@pytest.mark.skipif(os.name == "nt", reason="there it is a path")
@pytest.mark.parametrize(
    "place", [r"%WINDIR%\System32\CertSrv\%3.crl", r"..\CertEnroll\%3.crl", r"\CertEnroll\%3.crl"]
)
def test_a_path_of_windows_leaves_no_file_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Backslashes part no folders here: such a place fails as a drive does, and nothing is made."""
    monkeypatch.chdir(tmp_path)
    config: dict[str, RegistryValue] = {r"ca\CRLPublicationURLs": [f"1:{place}"]}
    with CertificationAuthority("Test", sources=Sources.seeded(1), config=config) as ca:
        (made,) = ca.publish_crls(delta=False)
    assert (made.status & 0xFFFFFFFF, list(tmp_path.iterdir())) == (ERROR_PATH_NOT_FOUND, [])


def test_deleting_attributes_that_are_not_there_is_no_step(ca: CertificationAuthority) -> None:
    """No row goes, so the journal has the call and no transition."""
    row_id = ca.submit(make_csr()).request_id
    ca.delete_rows("attribute", row_id=row_id)
    count = len(ca.journal)
    assert ca.delete_rows("attribute", row_id=row_id) == 0
    assert not [entry for entry in ca.journal[count:] if isinstance(entry, Transition)]


@attrs.define
class _Busy:
    """Be a clock that somebody uses to get in between; `then` is called once."""

    then: Callable[[], object] | None = None

    def now(self) -> datetime:
        """Return a fixed moment, after doing what is to be done."""
        call, self.then = self.then, None
        if call is not None:
            call()
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=1)


def test_revoking_what_is_deleted_just_then_is_an_unknown_serial_number() -> None:
    """A row that goes between the look-up and the step is E_INVALIDARG, as if it had never been."""
    clock = _Busy()
    sources = attrs.evolve(Sources.system(), clock=clock)
    with CertificationAuthority("Test CA", sources=sources) as ca:
        outcome = ca.submit(make_csr())
        clock.then = lambda: ca.delete_rows(row_id=outcome.request_id)
        assert _code(lambda: ca.revoke(str(outcome.serial_number))) == E_INVALIDARG


def test_a_stopped_ca_says_so_before_it_judges_a_deletion() -> None:
    """Every verb but those that read answers 0x800706BA on a stopped CA, whatever is asked."""
    ca = CertificationAuthority("Test CA", sources=Sources.seeded(1))
    assert _code(ca.delete_rows) == RPC_S_SERVER_UNAVAILABLE
