"""What exit modules read of CRLs, the way the exit sample of the Windows SDK walks them.

The sample asks for CertCount, then for each index for CRLState, skips all but valid ones, and
reads RawCRL and RawDeltaCRL; "file not found" means that there is no such list.
Source: Windows-classic-samples, certificateservices/exit; sdk-api
certif/nf-certif-icertserverexit-getcertificateproperty; docs/rulings.md (Properties).
"""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CCertServerExit, CertificationAuthority, ComError, PropType
from tests.codes import E_INVALIDARG, ERROR_FILE_NOT_FOUND, ON_CRL, refused, signed
from tests.engine import publishing_kit as kit
from tests.engine.engine_kit import Listener

LONG, BINARY, STRING = PropType.LONG, PropType.BINARY, PropType.STRING
ERROR, VALID, INVALID = 1, 3, 4
# These as certadm.h spells them, CA_DISP constants.


def read(ca: CertificationAuthority, name: str, kind: PropType = LONG) -> object:
    """Return a property of the CA."""
    return CCertServerExit(ca).GetCertificateProperty(name, kind)


def each(ca: CertificationAuthority, name: str, kind: PropType = LONG) -> list[object]:
    """Return a property for every certificate index."""
    return [read(ca, f"{name}.{index}", kind) for index in range(len(ca.certificates))]


@attrs.define
class Sample:
    """Walk the lists at a context as the exit sample does, and keep what it would have written."""

    found: list[dict[int, tuple[bytes, bytes | None]]] = attrs.field(factory=list)

    def walk(self, _event: int, context: int) -> None:
        """Read every list there is."""
        server = CCertServerExit()
        server.SetContext(context)
        self.found.append({})
        deltas = not server.GetCertificateProperty("fDeltaCRLsDisabled", LONG)
        count = server.GetCertificateProperty("CertCount", LONG)
        for index in range(count):  # type: ignore[call-overload]
            if server.GetCertificateProperty(f"CRLState.{index}", LONG) != VALID:
                continue
            base = server.GetCertificateProperty(f"RawCRL.{index}", BINARY)
            delta = self._delta(server, index) if deltas else None
            self.found[-1][index] = (base, delta)  # type: ignore[assignment]

    @staticmethod
    def _delta(server: CCertServerExit, index: int) -> object:
        try:
            return server.GetCertificateProperty(f"RawDeltaCRL.{index}", BINARY)
        except ComError as error:
            if error.hresult != signed(ERROR_FILE_NOT_FOUND):
                raise
            return None


def test_the_sample_finds_each_list_once() -> None:
    """Inside CRLISSUED the new lists are there, one set for each key, and for no other index."""
    sample = Sample()
    with kit.make_ca(Listener("A", [], ON_CRL, sample.walk)) as ca:
        for new_key in (True, False, False, True):
            ca.renew(new_key=new_key)
        published = ca.publish_crls()
    raw = [crl.raw for crl in published]
    assert sample.found == [{0: (raw[0], raw[1]), 1: (raw[2], raw[3]), 4: (raw[4], raw[5])}]
    assert not ca.event_log


def test_the_sample_finds_no_delta_where_there_is_none() -> None:
    """Before the first one it does not exist; while they are off it is not asked for."""
    sample = Sample()
    with kit.make_ca(Listener("A", [], ON_CRL, sample.walk)) as ca:
        (base,) = ca.publish_crls(delta=False)
        assert sample.found == [{0: (base.raw, None)}]
        ca.set_config(r"ca\CRLDeltaPeriodUnits", 0)
        (base,) = ca.publish_crls()
        assert sample.found[1:] == [{0: (base.raw, None)}]


def test_a_ca_that_published_nothing_has_no_lists() -> None:
    """Its state is invalid and its lists are not found."""
    with kit.make_ca() as ca:
        assert each(ca, "CRLState") == [INVALID]
        for name in ("RawCRL", "RawCRL.0", "RawDeltaCRL", "RawDeltaCRL.0"):
            with refused(ERROR_FILE_NOT_FOUND):
                read(ca, name, BINARY)
        for delta in (False, True):
            with refused(ERROR_FILE_NOT_FOUND):
                ca.crl(delta=delta)


def test_a_list_is_valid_until_its_next_update() -> None:
    """A second later it is invalid, and still the newest there is."""
    with kit.make_ca() as ca:
        (base,) = ca.publish_crls(delta=False)
        kit.advance(ca, kit.WEEK + kit.OVERLAP)
        assert read(ca, "CRLState") == VALID
        kit.advance(ca, kit.SKEW)
        assert read(ca, "CRLState") == INVALID
        assert read(ca, "RawCRL", BINARY) == base.raw


def test_a_key_is_valid_while_one_of_its_bases_is() -> None:
    """A newer one that an administrator kept short does not make the older one worse."""
    with kit.make_ca() as ca:
        ca.publish_crls(delta=False)
        (short,) = ca.publish_crls(delta=False, next_update=kit.START)
        kit.advance(ca, kit.DAY)
        assert read(ca, "RawCRL", BINARY) == short.raw
        assert read(ca, "CRLState") == VALID


def test_certificates_with_one_key_have_one_list() -> None:
    """The first has it; the others have the state 1, the index of the first, and no list."""
    with kit.make_ca() as ca:
        for new_key in (False, True, False):
            ca.renew(new_key=new_key)
        ca.publish_crls()
        assert each(ca, "CRLState") == [VALID, ERROR, VALID, ERROR]
        assert each(ca, "CRLIndex") == [0, 0, 2, 2]
        assert each(ca, "CRLSuffix", STRING) == ["", "", "(2)", "(2)"]
        assert each(ca, "CertSuffix", STRING) == ["", "(1)", "(2)", "(3)"]
        for name in ("RawCRL.1", "RawCRL.3", "RawDeltaCRL.3"):
            with refused(ERROR_FILE_NOT_FOUND):
                read(ca, name, BINARY)


def test_without_a_number_the_newest_key_is_meant() -> None:
    """Even when the newest certificate is not the first with it."""
    with kit.make_ca() as ca:
        ca.renew(new_key=True)
        ca.renew()
        published = ca.publish_crls()
        assert read(ca, "CRLState") == VALID
        assert read(ca, "CRLSuffix", STRING) == "(1)"
        assert read(ca, "RawCRL", BINARY) == published[2].raw == read(ca, "RawCRL.1", BINARY)
        assert read(ca, "RawDeltaCRL", BINARY) == published[3].raw
        assert ca.crl().public_bytes(Encoding.DER) == published[2].raw
        assert ca.crl(0).public_bytes(Encoding.DER) == published[0].raw
        assert ca.crl(0, delta=True).public_bytes(Encoding.DER) == published[1].raw


def test_the_newest_list_is_read_whatever_became_of_its_places(tmp_path: Path) -> None:
    """A list that could not be written anywhere stands in the database all the same."""
    with kit.make_ca(lines=[f"65:{tmp_path}/none/x"]) as ca:
        ca.publish_crls()
        base, delta = ca.publish_crls()
        assert read(ca, "RawCRL", BINARY) == base.raw
        assert read(ca, "RawDeltaCRL", BINARY) == delta.raw


@pytest.mark.parametrize("index", [-1, 2, 2**40, True, "0", 0.0])
def test_an_index_beyond_the_certificates_is_refused(index: object) -> None:
    """E_INVALIDARG, as for the property, and not "file not found"."""
    with kit.make_ca() as ca:
        ca.renew(new_key=True)
        ca.publish_crls()
        with refused(E_INVALIDARG):
            ca.crl(index)  # type: ignore[arg-type]
        with refused(E_INVALIDARG):
            read(ca, "RawCRL.2", BINARY)


def test_a_stopped_ca_shows_its_lists() -> None:
    """They are data, and no verb."""
    with kit.make_ca() as ca:
        (base,) = ca.publish_crls(delta=False)
    assert ca.crl().public_bytes(Encoding.DER) == base.raw
