"""The registry values a CA starts with, and the names of the bits and numbers in such values.

Each default has its place and its source. A tuple is a REG_MULTI_SZ. Values whose default is absent
are not listed: absence is the default. `CA_DEFAULTS` belong to the CA's own key, `POLICY_DEFAULTS`
to that of the standalone policy module. That a value is listed does not mean that certsim acts on
it: some are there to be read by modules.

`FLAGS` has the symbols by which tools show and change numbers (`EDITF_ATTRIBUTESUBJECTALTNAME2`),
for each value whose header names some, whether or not there is a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import attrs

from certsim.facts.audit import AuditFilter
from certsim.facts.basis import Basis
from certsim.facts.events import ExitEvent
from certsim.facts.flags import (
    CRLFlag,
    DatabaseFlag,
    EditFlag,
    InterfaceFlag,
    IssuerURLFlag,
    KRAFlag,
    LogLevel,
    PublishFlag,
    RevocationFlag,
    SetupFlag,
)
from certsim.facts.oids import CODE_SIGNING, KERNEL_MODE_CODE_SIGNING, STANDALONE_EXTENSIONS

SERVICE_KEY = r"SYSTEM\CurrentControlSet\Services\CertSvc"
"""Below HKEY_LOCAL_MACHINE. Source: certsrv.h, wszREGKEYCERTSVCPATH."""

CLASSES_KEY = r"SOFTWARE\Classes"
"""Below HKEY_LOCAL_MACHINE, and seen as HKEY_CLASSES_ROOT.

Source: win32 SysInfo, HKEY_CLASSES_ROOT.
"""

VALUE_TYPES = MappingProxyType(
    {
        0: "REG_NONE",
        1: "REG_SZ",
        2: "REG_EXPAND_SZ",
        3: "REG_BINARY",
        4: "REG_DWORD",
        5: "REG_DWORD_BIG_ENDIAN",
        6: "REG_LINK",
        7: "REG_MULTI_SZ",
        8: "REG_RESOURCE_LIST",
        9: "REG_FULL_RESOURCE_DESCRIPTOR",
        10: "REG_RESOURCE_REQUIREMENTS_LIST",
        11: "REG_QWORD",
    }
)
"""Types of value by number. Source: winnt.h; win32 SysInfo, registry value types."""


@attrs.frozen
class RegistryFact:
    """Hold one value: its name, its default, what it governs, and where that is written.

    The Python type of *default* is the registry's: int a REG_DWORD, str a REG_SZ.
    """

    name: str
    default: int | str | tuple[str, ...]
    meaning: str
    source: str
    basis: Basis


_HEADER = "certsrv.h, wszREG constants"
_PUBLICATION = "MS-CSRA 3.1.4.1.6; TechNet wiki 20652"

CA_DEFAULTS = (
    RegistryFact(
        "ValidityPeriod",
        "Years",
        "unit of the longest life a certificate may have",
        "KB254632",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "ValidityPeriodUnits",
        1,
        "how many of those units; 1 on a standalone CA",
        "KB254632",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "ClockSkewMinutes",
        10,
        "how far NotBefore and ThisUpdate lie before now",
        "MS-WCCE; MS-CSRA",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "SubjectTemplate",
        (
            "EMail",
            "CommonName",
            "OrganizationalUnit",
            "Organization",
            "Locality",
            "State",
            "DomainComponent",
            "Country",
        ),
        "which parts a subject keeps, most specific first",
        "MS-CSRA",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "EnforceX500NameLengths",
        1,
        "whether a name part over its maximum length is refused",
        _HEADER,
        Basis.HEADER,
    ),
    RegistryFact(
        "CRLPublicationURLs",
        (
            "79:ldap:///CN=%7%8,CN=%2,CN=CDP,CN=Public Key Services,CN=Services,%6%10",
            "6:http://%1/CertEnroll/%3%8%9.crl",
            "0:file://%1/CertEnroll/%3%8%9.crl",
        ),
        "where CRLs are published and which places certificates name",
        "MS-CSRA appendix note 15",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CACertPublicationURLs",
        (
            "3:ldap:///CN=%7,CN=AIA,CN=Public Key Services,CN=Services,%6%11",
            "2:http://%1/CertEnroll/%1_%3%4.crt",
            "0:file://%1/CertEnroll/%1_%3%4.crt",
        ),
        "where CA certificates are published and which places certificates name",
        "MS-CSRA appendix note 15",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CRLFlags",
        2,
        "CRLF_* bits; expired CRLs are deleted by default",
        "certsrv.h, CRLF constants; MS-CSRA",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "EKUOIDsForPublishExpiredCertInCRL",
        (CODE_SIGNING, KERNEL_MODE_CODE_SIGNING),
        "extended key usages whose certificates stay on the CRL after they have expired",
        f"{_HEADER}; TechNet wiki 16227",
        Basis.OBSERVED,
    ),
    RegistryFact(
        "CRLPeriod",
        "Weeks",
        "unit of the time from one base CRL to the next",
        _PUBLICATION,
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CRLPeriodUnits",
        1,
        "how many of those units",
        _PUBLICATION,
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CRLOverlapPeriod",
        "Hours",
        "unit of the time that a base CRL is good for beyond the next publication",
        f"{_HEADER}; certutil -getreg, published output",
        Basis.OBSERVED,
    ),
    RegistryFact(
        "CRLOverlapUnits",
        0,
        "how many of those units; 0 leaves the overlap to be worked out from the period",
        _PUBLICATION,
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CRLDeltaPeriod",
        "Days",
        "unit of the time from one delta CRL to the next",
        _PUBLICATION,
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CRLDeltaPeriodUnits",
        1,
        "how many CRLDeltaPeriod units a delta CRL stands for; 0 turns deltas off",
        "MS-CSRA",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CRLDeltaOverlapPeriod",
        "Minutes",
        "unit of the time that a delta CRL is good for beyond the next publication",
        f"{_HEADER}; certutil -getreg, published output",
        Basis.OBSERVED,
    ),
    RegistryFact(
        "CRLDeltaOverlapUnits",
        0,
        "how many of those units; 0 leaves the overlap to be worked out from the period",
        _PUBLICATION,
        Basis.DOCUMENTED,
    ),
    RegistryFact("UseDS", 0, "whether the CA uses a directory", _HEADER, Basis.HEADER),
    RegistryFact("KRAFlags", 0, "KRAF_* bits", _HEADER, Basis.HEADER),
    RegistryFact(
        "InterfaceFlags",
        0x41,
        "IF_* bits",
        "MS-CSRA",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "DBSessionCount",
        20,
        "how many database sessions there are",
        "MS-CSRA",
        Basis.DOCUMENTED,
    ),
)

DEFAULT_POLICY_KEY = r"PolicyModules\CertificateAuthority_MicrosoftDefault.Policy"
"""Where the default policy module keeps its values, below the CA's key. Source: certsrv.h."""

POLICY_DEFAULTS = (
    RegistryFact(
        "RequestDisposition",
        1,
        "REQDISP_*: what becomes of a request; Windows' own standalone default is 0x101",
        "docs/rulings.md (Standalone policy); certsrv.h, REQDISP constants",
        Basis.ASSUMED,
    ),
    RegistryFact(
        "EditFlags",
        0x83EE,
        "EDITF_* bits of a standalone CA",
        "certsrv.h, EDITF_DEFAULT_STANDALONE",
        Basis.HEADER,
    ),
    RegistryFact(
        "EnableRequestExtensionList",
        tuple(STANDALONE_EXTENSIONS),
        "the requested extensions that are let through",
        "MS-WCCE appendix note 87",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "EnableEnrolleeRequestExtensionList",
        (),
        "more requested extensions that are let through",
        "certsrv.h, wszREG constants; the policy sample",
        Basis.SAMPLE,
    ),
    RegistryFact(
        "DisableExtensionList",
        (),
        "extensions that are turned off, wherever they came from",
        "certsrv.h, wszREG constants; the policy sample",
        Basis.SAMPLE,
    ),
    RegistryFact(
        "CAPathLength",
        0xFFFFFFFF,
        "path length put into subordinate CA certificates; all ones: none",
        "certsrv.h, wszREG constants; the policy sample",
        Basis.SAMPLE,
    ),
)


class Flag(NamedTuple):
    """Give a number in a value its symbol, which stands where ``value & mask == bits``.

    For a single bit the mask is that bit, for a number in some of the bits the place it has there.

    Source: that of the row it stands in.
    """

    symbol: str
    bits: int
    mask: int


class FlagsFact(NamedTuple):
    """Hold what the numbers in the DWORD called *name* are called.

    Source: named by each row.
    """

    name: str
    flags: tuple[Flag, ...]
    source: str
    basis: Basis


_WHOLE = 0xFFFFFFFF
_DECISION = 0xFF

_FLAGS = (
    FlagsFact(
        "EditFlags",
        tuple(Flag(f"EDITF_{bit.name}", bit.value, bit.value) for bit in EditFlag),
        "certsrv.h, EDITF constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "RequestDisposition",
        (
            Flag("REQDISP_PENDING", 0, _DECISION),
            Flag("REQDISP_ISSUE", 1, _DECISION),
            Flag("REQDISP_DENY", 2, _DECISION),
            Flag("REQDISP_USEREQUESTATTRIBUTE", 3, _DECISION),
            Flag("REQDISP_PENDINGFIRST", 0x100, 0x100),
        ),
        "certsrv.h, REQDISP constants; the policy sample",
        Basis.HEADER,
    ),
    FlagsFact(
        "RevocationType",
        tuple(Flag(f"REVEXT_{bit.name}", bit.value, bit.value) for bit in RevocationFlag),
        "certsrv.h, REVEXT constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "IssuerCertURLFlags",
        tuple(Flag(f"ISSCERT_{bit.name}", bit.value, bit.value) for bit in IssuerURLFlag),
        "certsrv.h, ISSCERT constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "PublishCertFlags",
        tuple(Flag(f"EXITPUB_{bit.name}", bit.value, bit.value) for bit in PublishFlag),
        "certsrv.h, EXITPUB constants; the exit sample",
        Basis.HEADER,
    ),
    FlagsFact(
        "EventFilter",
        tuple(Flag(f"EXITEVENT_{bit.name}", bit.value, bit.value) for bit in ExitEvent),
        "certexit.h, EXITEVENT constants; TechNet cc773129",
        Basis.DOCUMENTED,
    ),
    FlagsFact(
        "AuditFilter",
        tuple(Flag(f"{bit.name}", bit.value, bit.value) for bit in AuditFilter),
        "MS-CSRA 3.1.4.2.10 (bits); no header has symbols for them, these are certsim's",
        Basis.ASSUMED,
    ),
    FlagsFact(
        "CRLFlags",
        tuple(Flag(f"CRLF_{bit.name}", bit.value, bit.value) for bit in CRLFlag),
        "certsrv.h, CRLF constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "KRAFlags",
        tuple(Flag(f"KRAF_{bit.name}", bit.value, bit.value) for bit in KRAFlag),
        "certsrv.h, KRAF constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "InterfaceFlags",
        tuple(Flag(f"IF_{bit.name}", bit.value, bit.value) for bit in InterfaceFlag),
        "certsrv.h, IF constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "DBFlags",
        tuple(Flag(f"DBFLAGS_{bit.name}", bit.value, bit.value) for bit in DatabaseFlag),
        "certsrv.h, DBFLAGS constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "SetupStatus",
        tuple(Flag(f"SETUP_{bit.name}", bit.value, bit.value) for bit in SetupFlag),
        "certsrv.h, SETUP constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "LogLevel",
        tuple(Flag(f"CERTLOG_{level.name}", level.value, _WHOLE) for level in LogLevel),
        "certsrv.h, CERTLOG constants",
        Basis.HEADER,
    ),
    FlagsFact(
        "CAType",
        (
            Flag("ENUM_ENTERPRISE_ROOTCA", 0, _WHOLE),
            Flag("ENUM_ENTERPRISE_SUBCA", 1, _WHOLE),
            Flag("ENUM_STANDALONE_ROOTCA", 3, _WHOLE),
            Flag("ENUM_STANDALONE_SUBCA", 4, _WHOLE),
            Flag("ENUM_UNKNOWN_CA", 5, _WHOLE),
        ),
        "certsrv.h, ENUM_CATYPES",
        Basis.HEADER,
    ),
)

FLAGS: Mapping[str, FlagsFact] = MappingProxyType({fact.name.lower(): fact for fact in _FLAGS})
"""Symbols by the name of their value, in lower case, whatever key it stands in."""
