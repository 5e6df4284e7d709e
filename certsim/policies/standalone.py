"""What the policy module of a standalone CA does, as Microsoft's sample and documents tell it.

For a new request it checks that the requester may enroll and lets through the requested
extensions that are on its list. For any request it heeds the attributes its EditFlags allow (end
date, alternative name, key usage, CA certificate), which an officer may have set meanwhile, and
then does what RequestDisposition says; what an officer resubmits is issued unless that denies
everything.

Not modelled: EDITF_ADDOLDKEYUSAGE, EDITF_ADDOLDCERTTYPE and the directory.
Source: the public policy sample; certsrv.h (EDITF and REQDISP constants, registry names); MS-WCCE
3.2.2.6.2.1.4 (attributes) and its note 87 (extensions); docs/rulings.md (Standalone policy).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from certsim.activation import Dispatch
from certsim.errors import ComError
from certsim.facts.dispositions import Verdict
from certsim.facts.flags import ORIGIN_MASK, EditFlag, ExtensionFlag, ExtensionOrigin
from certsim.facts.flags import RequestDisposition as Rule
from certsim.facts.hresults import HRESULT
from certsim.facts.oids import BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, SUBJECT_ALT_NAME
from certsim.facts.properties import PropType
from certsim.facts.registry import POLICY_DEFAULTS
from certsim.interfaces import ICertServerPolicy
from certsim.policies import values
from certsim.registry import open_key

_DISABLE, _CRITICAL = int(ExtensionFlag.DISABLE), int(ExtensionFlag.CRITICAL)
_KEEP = 0xFF01
"""The flags that letting an extension through leaves as they are: CRITICAL and the private byte."""
_ORIGINS = ORIGIN_MASK
"""Where an extension came from: four bits that the engine sets. Source: certsrv.h."""
_FROM_REQUEST = frozenset(
    (
        int(ExtensionOrigin.REQUEST),
        int(ExtensionOrigin.RENEWALCERT),
        int(ExtensionOrigin.PKCS7),
        int(ExtensionOrigin.CMC),
    )
)
"""Origins that lie with the client; no list enables what the CA or an officer has disabled."""
_RULE_MASK, _PENDING_FIRST = 0xFF, 0x100
_LIST, _DISABLE_LIST = int(EditFlag.REQUESTEXTENSIONLIST), int(EditFlag.DISABLEEXTENSIONLIST)
_NO_PATH_LENGTH = 0xFFFFFFFF
"""CAPathLength's way to say that there is no limit. Source: certsrv.h, CAPATHLENGTH_INFINITE."""
_BINARY = PropType.BINARY


class Standalone:
    """Decide as the policy module of a standalone CA does.

    Its registry key holds RequestDisposition (1: issue), EditFlags (0x83EE),
    EnableRequestExtensionList, EnableEnrolleeRequestExtensionList, DisableExtensionList and
    CAPathLength; they are read when the CA starts. Nothing is kept between requests, so calls may
    overlap on several threads.
    """

    _reg_progid_ = "CertificateAuthority_MicrosoftDefault.Policy"

    def Initialize(self, strConfig: str, /) -> None:
        """Read the module's registry key; what is missing there has its documented default.

        Errors: `ComError` E_INVALIDARG for a value of another type, and the CA does not start.
        Source: certsim/facts/registry.py (the defaults, each with its source).
        """
        server = Dispatch("CertificateAuthority.ServerPolicy")
        key = open_key(server.GetCertificateProperty("ModuleRegistryLocation", PropType.STRING))
        held = {fact.name: key.get(fact.name, fact.default) for fact in POLICY_DEFAULTS}
        self._rule = values.integer(held["RequestDisposition"])
        self._edit = values.integer(held["EditFlags"])
        let_through = (
            *values.strings(held["EnableRequestExtensionList"]),
            *values.strings(held["EnableEnrolleeRequestExtensionList"]),
        )
        turned_off = values.strings(held["DisableExtensionList"])
        self._enabled = frozenset(let_through if self._edit & _LIST else ())
        self._disabled = frozenset(turned_off if self._edit & _DISABLE_LIST else ())
        self._listed = self._enabled | self._disabled
        self._everything = bool(self._edit & EditFlag.ENABLEREQUESTEXTENSIONS)
        self._may_ask_all = bool(self._edit & EditFlag.IGNOREREQUESTERGROUP)
        self._path_length = values.integer(held["CAPathLength"])

    def GetDescription(self) -> str:
        """Return what this is."""
        return "certsim standalone policy"

    def ShutDown(self) -> None:
        """Have nothing to let go of."""

    def VerifyRequest(self, strConfig: str, Context: int, bNewRequest: int, Flags: int, /) -> int:
        """Return a verdict, or CERTSRV_E_ENROLL_DENIED for a requester who may not enroll.

        *bNewRequest* is 0 for what an officer resubmits: access and extensions were settled when
        it was new, and attributes are heeded again because the officer may have set them.
        Errors: raises `ComError` ERROR_INVALID_DATA for an attribute that cannot be read.
        Source: sdk-api certpol/nf-certpol-icertpolicy-verifyrequest; the policy sample.
        """
        server: ICertServerPolicy = Dispatch("CertificateAuthority.ServerPolicy")
        server.SetContext(Context)
        attributes = values.attributes(server)
        if bNewRequest:
            if not self._may_ask_all and not self._may_enroll(server):
                return HRESULT.CERTSRV_E_ENROLL_DENIED
            self._let_through(server)
        if attributes:
            self._heed(server, attributes)
        return self._disposition(attributes, new_request=bool(bNewRequest))

    def _may_enroll(self, server: ICertServerPolicy) -> bool:
        """Tell whether the requester has the Enroll permission; in certsim everybody has."""
        return bool(server.GetCertificateProperty("RequesterCAAccess", PropType.LONG))

    def _let_through(self, server: ICertServerPolicy) -> None:
        """Enable the requested extensions on the list, then disable those on the other one.

        The sample does it in two passes. One comes to the same: an extension that is on both
        lists ends up disabled.
        """
        server.EnumerateExtensionsSetup(0)
        while name := server.EnumerateExtensions():
            if self._everything or name in self._listed:
                self._edit_extension(server, name)
        server.EnumerateExtensionsClose()

    def _edit_extension(self, server: ICertServerPolicy, name: str) -> None:
        """Set or clear the disable flag of one extension, as the lists say.

        Setting it anew with the value it had is the only way that `ICertServerPolicy` offers, and
        makes policy its origin.
        """
        value = server.GetCertificateExtension(name, _BINARY)
        flags = server.GetCertificateExtensionFlags()
        off = flags & _DISABLE
        if name in self._disabled:
            if not off:
                server.SetCertificateExtension(name, _BINARY, flags & _KEEP | _DISABLE, value)
        elif off and flags & _ORIGINS in _FROM_REQUEST:
            server.SetCertificateExtension(name, _BINARY, flags & _KEEP, value)

    def _heed(self, server: ICertServerPolicy, attributes: Mapping[str, str]) -> None:
        """Do what *attributes* (by lower-cased name) ask for, each if its bit of EditFlags is set.

        An extension they ask for replaces the request's own. An alternative name that a client
        may choose freely is a name nobody has checked; its bit (0x40000) is off by default.
        Errors: `ComError` ERROR_INVALID_DATA.
        """
        if self._edit & EditFlag.ATTRIBUTEENDDATE:
            self._shorten(server, attributes)
        if self._edit & EditFlag.ATTRIBUTEEKU and "certificateusage" in attributes:
            usage = values.key_usage(attributes["certificateusage"])
            self._put(server, EXTENDED_KEY_USAGE, 0, usage)
        if self._edit & EditFlag.ATTRIBUTESUBJECTALTNAME2 and "san" in attributes:
            names = values.alternative_names(attributes["san"])
            self._put(server, SUBJECT_ALT_NAME, 0, names)
        if self._edit & EditFlag.ATTRIBUTECA and attributes.get("certtype", "").lower() == "ca":
            limit = None if self._path_length == _NO_PATH_LENGTH else self._path_length
            critical = _CRITICAL if self._edit & EditFlag.BASICCONSTRAINTSCRITICAL else 0
            constraints = values.ca_constraints(limit)
            self._put(server, BASIC_CONSTRAINTS, critical, constraints)

    def _put(self, server: ICertServerPolicy, name: str, flags: int, value: bytes) -> None:
        """Set an extension that an attribute asks for, unless an officer has set it already."""
        try:
            server.GetCertificateExtension(name, _BINARY)
        except ComError:
            held = 0
        else:
            held = server.GetCertificateExtensionFlags() & _ORIGINS
        if held != ExtensionOrigin.ADMIN:
            server.SetCertificateExtension(name, _BINARY, flags, value)

    def _shorten(self, server: ICertServerPolicy, attributes: Mapping[str, str]) -> None:
        """Move NotAfter forward as asked; an absolute date wins, and nothing lengthens a life."""
        start = server.GetCertificateProperty("NotBefore", PropType.DATE)
        end = server.GetCertificateProperty("NotAfter", PropType.DATE)
        asked = values.end_date(attributes, start) if isinstance(start, datetime) else None
        if asked is not None and isinstance(end, datetime) and asked < end:
            server.SetCertificateProperty("NotAfter", PropType.DATE, asked)

    def _disposition(self, attributes: Mapping[str, str], *, new_request: bool) -> int:
        """Return what RequestDisposition says; an officer's approval turns pending into issue.

        Errors: `ComError` E_INVALIDARG for a value that is no rule (REQDISP constants).
        Source: the policy sample; docs/rulings.md (Standalone policy).
        """
        if self._rule & _PENDING_FIRST and new_request:
            return Verdict.PENDING
        rule = self._rule & _RULE_MASK
        if rule == Rule.USEREQUESTATTRIBUTE:
            rule = _BY_ATTRIBUTE.get(attributes.get("disposition", "").lower(), Rule.ISSUE)
        if rule == Rule.PENDING and not new_request:
            return Verdict.INSTANT_OK
        if rule not in _VERDICTS:
            raise ComError(HRESULT.E_INVALIDARG, f"RequestDisposition 0x{self._rule:X} is no rule")
        return _VERDICTS[rule]


_BY_ATTRIBUTE = {"deny": int(Rule.DENY), "pending": int(Rule.PENDING)}
_VERDICTS = {
    int(Rule.PENDING): Verdict.PENDING,
    int(Rule.ISSUE): Verdict.INSTANT_OK,
    int(Rule.DENY): Verdict.INSTANT_BAD,
}
