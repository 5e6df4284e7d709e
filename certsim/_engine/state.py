"""What all rooms of one CA share: its names, certificates, configuration, rows and journal.

Two kinds of thing are kept apart: what stands as long as the CA exists (`CAState`), and what was
read from the registry at the last start (`Settings`), which no change in between can reach. The
registry itself is in `CAState` too, since modules read their own keys from it at any time.

This room has no verbs and takes no lock. Rows are the shelf's, and who may change one is decided at
the engine's door (CONTRIBUTING.md, law 2).
Source: MS-CSRA 3.1.4.2.15; certsrv.h (names of values); docs/rulings.md (Configuration).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import attrs

from certsim._engine import ca_names, names, validity
from certsim._engine.crl_times import Schedule
from certsim._engine.fidelity import Fidelity
from certsim._engine.homes import Home
from certsim._engine.journal import Journal
from certsim._engine.security import Security
from certsim._engine.x509 import CACertificate, encode_extension, server_extensions
from certsim.database.shelf import Shelf
from certsim.errors import ComError, shown
from certsim.facts.dispositions import CAType
from certsim.facts.flags import URLFlag
from certsim.facts.hresults import HRESULT
from certsim.registry import Registry
from certsim.sources import Sources

_NETBIOS_NAME = 15
"""Characters a NetBIOS name may have."""
_KEY_NAME = 255
"""Characters that the name of a key may have. Source: win32 SysInfo, element size limits."""
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
MAX_SKEW = 525_600
"""Minutes: a year is more than any clock is wrong by. The bound is certsim's own."""


@attrs.frozen
class Identity:
    """Hold who the CA is: its name in three spellings, its host and its type.

    *sanitized* has `!xxxx` for what a path cannot hold and is what modules are told; *short* is it
    cut to 57 characters. *dns_name* goes into URLs and MachineDNSName and need not exist. *ca_type*
    is what the property CAType answers and changes nothing else: there is no directory here.
    Source: MS-WCCE 3.1.1.4.1.1; docs/rulings.md (Names and formats, Left out).
    """

    name: str
    sanitized: str
    short: str
    dns_name: str
    ca_type: CAType

    @staticmethod
    def of(name: str, dns_name: str, ca_type: CAType) -> Identity:
        """Return the identity of the CA called *name*, its other spellings worked out.

        Errors: `ComError` E_INVALIDARG for a *dns_name* that is no host name of ASCII letters,
        digits, minus signs and underlines between dots, since it stands in URLs and in paths; for
        a *name* that makes no key of the registry.
        """
        if not isinstance(dns_name, str) or not _HOST.fullmatch(dns_name):
            raise ComError(HRESULT.E_INVALIDARG, f"{shown(dns_name, 60)} is no host name")
        sanitized = ca_names.sanitize(name)
        if len(sanitized) > _KEY_NAME:
            raise ComError(
                HRESULT.E_INVALIDARG,
                f"sanitized the name has {len(sanitized)} characters, and a key of the registry"
                f" {_KEY_NAME} at most: choose a shorter one",
            )
        return Identity(name, sanitized, ca_names.sanitize_short(name), dns_name, ca_type)


@attrs.frozen
class Settings:
    """Hold what the registry said when the CA started; a change there counts from the next start.

    *validity_units* and *validity_period* (`2`, `Years`) are how long a certificate lives at most,
    *skew* is by how much NotBefore is earlier than the moment. *template* holds the OIDs a subject
    keeps, most specific first; *crl_flags* the CRLF_ bits, some of which are about subjects.
    *crl_lines* and *certificate_lines* are the URL lists, without LDAP unless UseDS is set, and
    *config_dn* is for those. Of *schedule* the overlaps alone count for as long as the CA runs:
    the periods of CRLs are read at each run. *lasting* are the usages whose revoked certificates
    stay on the CRLs when they have ended; *kra_flags* say whether a foreign certificate may be
    imported. *audit_filter* has the bits of what is audited; *role_separation* is whether `access`
    keeps the roles apart.
    Source: MS-CSRA 3.1.4.2.15 (the next start); KB254632 (the period); gradenegger.eu and PSPKI
    (template and flags); certsrv.h.
    """

    validity_units: int
    validity_period: str
    skew: timedelta
    template: tuple[str, ...]
    enforce_name_lengths: bool
    high_serial: int | str | None
    crl_flags: int
    crl_lines: tuple[str, ...]
    certificate_lines: tuple[str, ...]
    config_dn: str
    schedule: Schedule
    lasting: frozenset[str]
    kra_flags: int
    audit_filter: int
    role_separation: bool

    @staticmethod
    def snapshot(registry: Registry) -> Settings:
        """Return the settings as *registry* has them now.

        Whatever is wrong shows here and not at the first request.
        Errors: `ComError` E_INVALIDARG naming a SubjectTemplate word or a period that is wrong, or
        a value of another type than Windows keeps there.
        Source: TechNet on event 19; docs/rulings.md (Configuration).
        """
        units, period = registry.integer("ValidityPeriodUnits"), registry.text("ValidityPeriod")
        if units < 1:
            raise ComError(HRESULT.E_INVALIDARG, f"ValidityPeriodUnits is at least 1, not {units}")
        directory = bool(registry.integer("UseDS"))
        # The sum is of no use here: a word that is no unit of time raises now.
        validity.after(validity.END_OF_TIME, units, period)
        return Settings(
            units,
            period,
            _skew(registry.integer("ClockSkewMinutes")),
            names.template_oids(registry.strings("SubjectTemplate")),
            bool(registry.integer("EnforceX500NameLengths")),
            _high_serial(registry),
            registry.integer("CRLFlags"),
            ca_names.usable(registry.strings("CRLPublicationURLs"), directory=directory),
            ca_names.usable(registry.strings("CACertPublicationURLs"), directory=directory),
            registry.text("DSConfigDN"),
            Schedule.read(registry),
            frozenset(registry.strings("EKUOIDsForPublishExpiredCertInCRL")),
            registry.integer("KRAFlags"),
            registry.integer("AuditFilter"),
            bool(registry.integer("RoleSeparationEnabled")),
        )


def _high_serial(registry: Registry) -> int | str | None:
    value = registry.read("", "HighSerial")
    if isinstance(value, bytes | list):
        raise ComError(HRESULT.E_INVALIDARG, f"HighSerial is a number or text, not {shown(value)}")
    return value


def _skew(minutes: int) -> timedelta:
    if not 0 <= minutes <= MAX_SKEW:
        raise ComError(
            HRESULT.E_INVALIDARG, f"ClockSkewMinutes is 0 to {MAX_SKEW:,}, not {minutes:,}"
        )
    return timedelta(minutes=minutes)


@attrs.define(eq=False)
class CAState:
    """Hold one CA's furniture. Rooms change what is theirs; `settings` is set at each start.

    *certificates* are the CA's own by index, oldest first. *parent* is the CA above a subordinate
    one, `None` for a root; *security* says who may do what, `None` that everybody may do all;
    *home* is where all of it is kept.
    """

    identity: Identity
    sources: Sources
    registry: Registry
    fidelity: Fidelity
    shelf: Shelf
    journal: Journal
    certificates: tuple[CACertificate, ...]
    settings: Settings
    parent: CAState | None = None
    security: Security | None = None
    home: Home = attrs.field(factory=Home)

    @property
    def issuer(self) -> CACertificate:
        """Return the certificate the CA signs with: its newest."""
        return self.certificates[-1]

    def now(self) -> datetime:
        """Return the present moment by the CA's own clock: aware UTC, whole seconds."""
        return self.sources.clock.now()

    def configure(self) -> None:
        """Take the registry's values as they stand, for the CA that starts now.

        Errors: those of `Settings.snapshot`.
        """
        self.settings = Settings.snapshot(self.registry)
        self.certificates = tuple(self.equipped(held) for held in self.certificates)

    def refresh(self) -> None:
        """Look at the CA's certificates where they are kept: another process may have renewed."""
        found = self.home.certificates()
        if len(found) > len(self.certificates):
            self.certificates = tuple(self.equipped(held) for held in found)

    def tokens(self, certificate: CACertificate, *, delta: bool = False) -> dict[str, str]:
        """Return what `%1` … `%11` in a URL line stand for, by number, for one CA *certificate*.

        For AIA lines MS-CSRA's note 15 has %1 and %2 the other way round than for CRLs; tools and
        the default lines themselves do not, and neither does certsim. %6 is the registry's
        DSConfigDN, which a CA without a directory has not.
        Source: MS-CSRA, product note 15; docs/rulings.md (Certificates) for %10 and %11.
        """
        identity = self.identity
        kind = "deltaRevocationList" if delta else "certificateRevocationList"
        return {
            "1": identity.dns_name,
            "2": identity.dns_name.partition(".")[0].upper()[:_NETBIOS_NAME],
            "3": identity.sanitized,
            "4": ca_names.suffix(certificate.index),
            "6": self.settings.config_dn,
            "7": identity.short,
            "8": ca_names.suffix(certificate.key_index),
            "9": "+" if delta else "",
            "10": f"?{kind}?base?objectClass=cRLDistributionPoint",
            "11": "?cACertificate?base?objectClass=certificationAuthority",
        }

    def equipped(self, certificate: CACertificate) -> CACertificate:
        """Return *certificate* with the extensions that all it signs will carry."""
        crl_lines, lines = self.settings.crl_lines, self.settings.certificate_lines
        tokens = self.tokens(certificate)
        rows = server_extensions(
            certificate,
            ca_names.locations(crl_lines, URLFlag.ADDTOCERTCDP, tokens),
            ca_names.locations(lines, URLFlag.ADDTOCERTCDP, tokens),
            ca_names.locations(lines, URLFlag.ADDTOCERTOCSP, tokens),
        )
        encoded = {row: encode_extension(row) for row in rows}
        return attrs.evolve(certificate, constants=encoded)
