"""The predefined views of the database, and the numbers that a restriction is written with.

A view is a table, restrictions that come with it and the columns it shows unless told otherwise.
Four views are parts of the request table, whose rows have the columns of both halves; four show a
whole table. ``queue``, ``log`` and ``failed`` cut at the bounds that the header gives to
``Request.Disposition``; log goes on beyond the lower bound of failed, for a failed request is
resolved too. So an imported foreign row, which lies between queue and log, is in none of them.

The pages say what each view restricts to. Which columns each shows is in MS-CSRA's product notes 49
to 55, of which only the queue's is carried over; the next three sets are certsim's choice, and the
others show all there is.

The enumeration leaves out CVR_SEEK_MASK and CVR_SEEK_NODELTA, which are no operators. A member has
no row of its own: its class carries the source, and the basis is ``header``.

Source: certview.h CV and CVR constants; certsrv.h DB_DISP constants; sdk-api
certview/nf-certview-icertview-setrestriction and -setresultcolumncount; MS-CSRA 3.1.4.1.10;
windowsserverdocs certutil (-view).
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis
from certsim.facts.schema import ATTRIBUTE, CERTIFICATE, CRL, EXTENSION, REQUEST


class SeekOperator(enum.IntEnum):
    """Name the operators of a restriction (CVR_SEEK_*).

    Source: certview.h; sdk-api certview/nf-certview-icertview-setrestriction.
    """

    NONE = 0
    EQ = 1
    LT = 2
    LE = 4
    GE = 8
    GT = 0x10


SEEK: Final[Mapping[str, SeekOperator]] = MappingProxyType(
    {
        "=": SeekOperator.EQ,
        "<": SeekOperator.LT,
        "<=": SeekOperator.LE,
        ">": SeekOperator.GT,
        ">=": SeekOperator.GE,
    }
)
"""The operators by the signs that certutil takes. Source: windowsserverdocs certutil (-view)."""

Restriction = tuple[str, str, int]  # column, sign, value


class ViewFact(NamedTuple):
    """Describe one view; ``symbol`` is empty where no constant stands for it.

    ``table`` is a key of ``schema.TABLES``, where "Request" means its two halves; all
    ``restrictions`` have to hold. ``basis`` grades the restrictions and columns together.

    Source: named by each row.
    """

    name: str
    symbol: str
    table: str
    restrictions: tuple[Restriction, ...]
    columns: tuple[str, ...]
    source: str
    basis: Basis


_QUEUE_MAX: Final = 9
_LOG_MIN: Final = 20
_LOG_FAILED_MIN: Final = 30
_REVOKED: Final = 21

_RESTRICTION: Final = "sdk-api certview/nf-certview-icertview-setrestriction"
_COLUMNS: Final = "sdk-api certview/nf-certview-icertview-setresultcolumncount; MS-CSRA 3.1.4.1.10"
_TABLE: Final = "sdk-api certview/nf-certview-icertview2-settable"

# Tables: one row stays together, columns in the order in which they are shown.
# fmt: off
_ASKED: Final = (
    "Request.CommonName", "Request.EMail", "Request.OrgUnit", "Request.Organization",
    "Request.Locality", "Request.State", "Request.Country",
)
_CERTIFIED: Final = (
    "CertificateTemplate", "SerialNumber", "NotBefore", "NotAfter",
    "CommonName", "EMail", "OrgUnit", "Organization", "Locality", "State", "Country",
    "RawCertificate",
)

_VIEWS: Final[tuple[ViewFact, ...]] = (
    ViewFact("queue", "CV_COLUMN_QUEUE_DEFAULT", "Request",
        (("Request.Disposition", "<=", _QUEUE_MAX),),
        ("Request.RequestID", "Request.RequesterName", "Request.SubmittedWhen",
         "Request.StatusCode", "Request.DispositionMessage", "CertificateTemplate",
         *_ASKED, "Request.RawRequest"),
        f"{_RESTRICTION}; MS-CSRA appendix note 49", Basis.DOCUMENTED),
    ViewFact("log", "CV_COLUMN_LOG_DEFAULT", "Request",
        (("Request.Disposition", ">=", _LOG_MIN),),
        ("Request.RequestID", "Request.RequesterName",
         "Request.Disposition", "Request.DispositionMessage", *_CERTIFIED),
        f"{_RESTRICTION}; {_COLUMNS}", Basis.ASSUMED),
    ViewFact("failed", "CV_COLUMN_LOG_FAILED_DEFAULT", "Request",
        (("Request.Disposition", ">=", _LOG_FAILED_MIN),),
        ("Request.RequestID", "Request.RequesterName", "Request.SubmittedWhen",
         "Request.Disposition", "Request.DispositionMessage", "Request.StatusCode",
         "CertificateTemplate", *_ASKED, "Request.RawRequest"),
        f"{_RESTRICTION}; {_COLUMNS}", Basis.ASSUMED),
    ViewFact("revoked", "CV_COLUMN_LOG_REVOKED_DEFAULT", "Request",
        (("Request.Disposition", "=", _REVOKED),),
        ("Request.RequestID", "Request.RequesterName", "Request.RevokedWhen",
         "Request.RevokedEffectiveWhen", "Request.RevokedReason", *_CERTIFIED),
        f"{_COLUMNS}; windowsserverdocs certutil (-view)", Basis.ASSUMED),
    ViewFact("request", "", "Request", (),
        tuple(column.name for column in REQUEST + CERTIFICATE),
        f"{_TABLE}; certsim/facts/schema.py", Basis.OBSERVED),
    ViewFact("extension", "CV_COLUMN_EXTENSION_DEFAULT", "Extension", (),
        tuple(column.name for column in EXTENSION),
        f"{_TABLE}; {_COLUMNS}", Basis.ASSUMED),
    ViewFact("attribute", "CV_COLUMN_ATTRIBUTE_DEFAULT", "Attribute", (),
        tuple(column.name for column in ATTRIBUTE),
        f"{_TABLE}; {_COLUMNS}", Basis.ASSUMED),
    ViewFact("crl", "CV_COLUMN_CRL_DEFAULT", "CRL", (),
        tuple(column.name for column in CRL),
        f"{_TABLE}; {_COLUMNS}", Basis.ASSUMED),
)
# fmt: on

VIEWS: Final[Mapping[str, ViewFact]] = MappingProxyType({view.name: view for view in _VIEWS})
"""The views by the names that ``CertificationAuthority.view`` takes, in lower case."""
