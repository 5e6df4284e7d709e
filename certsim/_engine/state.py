"""What all rooms of one CA share: its names, certificates, configuration, rows and journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from certsim._engine import ca_names, names, validity
from certsim._engine.fidelity import Fidelity
from certsim._engine.journal import Journal
from certsim._engine.x509 import CACertificate, encode_extension, server_extensions
from certsim.database.memory import MemoryShelf
from certsim.database.rows import ExtensionRow
from certsim.errors import ComError
from certsim.facts.dispositions import CAType
from certsim.facts.flags import CRLFlag, URLFlag
from certsim.facts.hresults import HRESULT
from certsim.registry import Registry
from certsim.sources import Sources

MAX_SKEW = 525_600
"""Minutes: a year is more than any clock is wrong by."""


@attrs.frozen
class Identity:
    """Hold who the CA is: its name in three spellings, its host and its type."""

    name: str
    sanitized: str
    short: str
    dns_name: str
    ca_type: CAType

    @staticmethod
    def of(name: str, dns_name: str, ca_type: CAType) -> Identity:
        """Return the identity of the CA called *name*, its other spellings worked out."""
        short = ca_names.sanitize_short(name)
        return Identity(name, ca_names.sanitize(name), short, dns_name, ca_type)


@attrs.frozen
class Settings:
    """Hold what the registry said when the CA started; a change there counts from the next start.

    *template* holds the OIDs a subject keeps, most specific first. *constants* are the
    extensions that every certificate gets, each with its encoding.
    Source: ca-behaviour.md 0 (fact 10), 2.2, 2.3.
    """

    validity_units: int
    validity_period: str
    skew: timedelta
    template: tuple[str, ...]
    enforce_name_lengths: bool
    reorder: bool
    keep_untouched: bool
    high_serial: int | str | None
    constants: Mapping[ExtensionRow, bytes]

    @staticmethod
    def snapshot(registry: Registry, identity: Identity, issuer: CACertificate) -> Settings:
        """Return the settings as *registry* has them now.

        Errors: `ComError` E_INVALIDARG naming a SubjectTemplate word or a period that is wrong.
        """
        flags = registry.integer("CRLFlags")
        high = registry.read("", "HighSerial")
        units, period = registry.integer("ValidityPeriodUnits"), registry.text("ValidityPeriod")
        if units < 1:
            raise ComError(HRESULT.E_INVALIDARG, f"ValidityPeriodUnits is at least 1, not {units}")
        validity.after(issuer.not_before, units, period)
        return Settings(
            units,
            period,
            _skew(registry.integer("ClockSkewMinutes")),
            names.template_oids(registry.strings("SubjectTemplate")),
            bool(registry.integer("EnforceX500NameLengths")),
            not flags & CRLFlag.DISABLE_RDN_REORDER,
            bool(flags & CRLFlag.REBUILD_MODIFIED_SUBJECT_ONLY),
            high if isinstance(high, int | str) else None,
            {row: encode_extension(row) for row in _constants(registry, identity, issuer)},
        )


def _skew(minutes: int) -> timedelta:
    if not 0 <= minutes <= MAX_SKEW:
        raise ComError(
            HRESULT.E_INVALIDARG, f"ClockSkewMinutes is 0 to {MAX_SKEW:,}, not {minutes:,}"
        )
    return timedelta(minutes=minutes)


def _constants(
    registry: Registry, identity: Identity, issuer: CACertificate
) -> tuple[ExtensionRow, ...]:
    tokens = {
        "1": identity.dns_name,
        "2": identity.dns_name.partition(".")[0].upper(),
        "3": identity.sanitized,
        "4": ca_names.suffix(issuer.index),
        "7": identity.short,
        "8": ca_names.suffix(issuer.key_index),
    }  # %6, %10 and %11 name places in a directory, which this CA has none of
    crl_lines = registry.strings("CRLPublicationURLs")
    certificate_lines = registry.strings("CACertPublicationURLs")
    return server_extensions(
        issuer,
        ca_names.locations(crl_lines, URLFlag.ADDTOCERTCDP, tokens),
        ca_names.locations(certificate_lines, URLFlag.ADDTOCERTCDP, tokens),
        ca_names.locations(certificate_lines, URLFlag.ADDTOCERTOCSP, tokens),
    )


@attrs.define(eq=False)
class CAState:
    """Hold one CA's furniture. Rooms change what is theirs; `settings` is set at each start."""

    identity: Identity
    sources: Sources
    registry: Registry
    fidelity: Fidelity
    shelf: MemoryShelf
    journal: Journal
    certificates: Sequence[CACertificate]
    settings: Settings

    @property
    def issuer(self) -> CACertificate:
        """Return the certificate the CA signs with: its newest."""
        return self.certificates[-1]

    def now(self) -> datetime:
        """Return the present moment by the CA's own clock."""
        return self.sources.clock.now()
