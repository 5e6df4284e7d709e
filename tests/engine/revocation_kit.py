"""What the tests of revocation share: a running CA, and a row in each standing it can be in.

Source: MS-CSRA 3.1.4.1.8; certsrv.h, DB_DISP constants.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs

from certsim import CertificationAuthority, RowDisposition
from tests.codes import refused
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.machines.drawn import STRANGERS
from tests.requests_kit import make_csr

R = RowDisposition
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOLD, RELEASE, KEEP, DROP = 6, -1, -2, -3
# Source: MS-CSRA 3.1.4.1.8
MADE = {"issued": (), "on hold": (HOLD,), "revoked": (1,), "released": (HOLD, RELEASE)}
"""How a certificate of our own gets into each standing: the reasons it is revoked for."""
UNCERTIFIED = ["PENDING", "CA_CERT", "CA_CERT_CHAIN", "KRA_CERT", "FAILED", "DENIED", "ACTIVE"]
Stand = tuple[CertificationAuthority, Recorder]


def put(stand: Stand, standing: str) -> str:
    """Bring a certificate into a standing and return its serial number; nobody has heard of it."""
    ca, recorder = stand
    if standing == "foreign":
        ca.import_certificate(STRANGERS[0][1], allow_foreign=True)
    else:
        ca.submit(make_csr())
    serial = newest(ca)["SerialNumber"]
    for reason in MADE.get(standing, ()):
        ca.revoke(str(serial), reason)
    if standing in UNCERTIFIED:
        row = kit.rows(ca)[-1]
        columns = {**row.columns, "Request.Disposition": int(R[standing])}
        ca._state.shelf.commit(attrs.evolve(row, columns=columns))
    recorder.heard.clear()
    return str(serial)


def newest(ca: CertificationAuthority) -> dict[str, object]:
    """Return the columns of the row with the highest id."""
    return dict(kit.rows(ca)[-1].columns)


def picture(stand: Stand) -> tuple[object, ...]:
    """Return everything a refused verb must leave as it was."""
    ca, recorder = stand
    return kit.rows(ca), kit.happenings(ca), tuple(recorder.heard), ca.event_log


def refuses(stand: Stand, code: int, serial: object, *reason: object, **more: object) -> None:
    """Check that a revocation is refused with *code* and changes nothing."""
    before = picture(stand)
    with refused(code):
        stand[0].revoke(serial, *reason, **more)  # type: ignore[arg-type]
    assert picture(stand) == before
