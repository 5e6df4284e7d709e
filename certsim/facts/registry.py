"""The registry values a CA starts with, each with its place, its default and its source.

A tuple is a REG_MULTI_SZ. Values whose default is absent are not listed: absence is the default.
"""

from __future__ import annotations

import attrs

from certsim.facts.basis import Basis
from certsim.facts.oids import STANDALONE_EXTENSIONS

SERVICE_KEY = r"SYSTEM\CurrentControlSet\Services\CertSvc"
"""Below HKEY_LOCAL_MACHINE. Source: interfaces.md 6, wszREGKEYCERTSVCPATH."""


@attrs.frozen
class RegistryFact:
    """Hold one value: its name, its default, what it governs, and where that is written."""

    name: str
    default: int | str | tuple[str, ...]
    meaning: str
    source: str
    basis: Basis


_HEADER = "interfaces.md 6 (certsrv.h)"

CA_DEFAULTS = (
    RegistryFact(
        "ValidityPeriod",
        "Years",
        "unit of the longest life a certificate may have",
        "ca-behaviour.md 2.2 (KB254632)",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "ValidityPeriodUnits",
        1,
        "how many of those units; 1 on a standalone CA",
        "ca-behaviour.md 2.2 (KB254632)",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "ClockSkewMinutes",
        10,
        "how far NotBefore and ThisUpdate lie before now",
        "ca-behaviour.md 2.2 (WCCE, CSRA)",
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
        "ca-behaviour.md 2.3 (CSRA)",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "EnforceX500NameLengths",
        1,
        "whether a name part over its maximum length is refused",
        "interfaces.md 3.1 (certsrv.h)",
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
        "ca-behaviour.md 2.5 (CSRA)",
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
        "ca-behaviour.md 2.5 (CSRA)",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CRLFlags",
        2,
        "CRLF_* bits; expired CRLs are deleted by default",
        "ca-behaviour.md 3.7",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "CRLDeltaPeriodUnits",
        1,
        "how many CRLDeltaPeriod units a delta CRL stands for; 0 turns deltas off",
        "ca-behaviour.md 3.2",
        Basis.DOCUMENTED,
    ),
    RegistryFact("UseDS", 0, "whether the CA uses a directory", _HEADER, Basis.HEADER),
    RegistryFact("KRAFlags", 0, "KRAF_* bits", _HEADER, Basis.HEADER),
    RegistryFact(
        "InterfaceFlags",
        0x41,
        "IF_* bits",
        "ca-behaviour.md 5.1",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "DBSessionCount",
        20,
        "how many database sessions there are",
        "ca-behaviour.md 4.5",
        Basis.DOCUMENTED,
    ),
)

POLICY_DEFAULTS = (
    RegistryFact(
        "RequestDisposition",
        1,
        "REQDISP_*: what becomes of a request; Windows' own standalone default is 0x101",
        "DESIGN 2 (front door); interfaces.md 4.8",
        Basis.ASSUMED,
    ),
    RegistryFact(
        "EditFlags",
        0x83EE,
        "EDITF_* bits of a standalone CA",
        "interfaces.md 4.8 (EDITF_DEFAULT_STANDALONE)",
        Basis.HEADER,
    ),
    RegistryFact(
        "EnableRequestExtensionList",
        tuple(STANDALONE_EXTENSIONS),
        "the requested extensions that are let through",
        "ca-behaviour.md 2.4 (WCCE note 87)",
        Basis.DOCUMENTED,
    ),
    RegistryFact(
        "EnableEnrolleeRequestExtensionList",
        (),
        "more requested extensions that are let through",
        "interfaces.md 6, 8 (policy sample)",
        Basis.SAMPLE,
    ),
    RegistryFact(
        "DisableExtensionList",
        (),
        "extensions that are turned off, wherever they came from",
        "interfaces.md 6, 8 (policy sample)",
        Basis.SAMPLE,
    ),
    RegistryFact(
        "CAPathLength",
        0xFFFFFFFF,
        "path length put into subordinate CA certificates; all ones: none",
        "interfaces.md 6 (policy sample)",
        Basis.SAMPLE,
    ),
)
