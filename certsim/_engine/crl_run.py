"""The signing half of a publication: one run's lists, as rows of the CRL table.

A run gives one number to all its lists. For each key there is a base, a delta, or both; what stands
on them is worked out from the rows of the shelf and from the lists of the runs before: the base
before says which ended certificates have been told once, the oldest base that is still good from
when on a delta has to repeat. Nothing is stored here, so a key that cannot sign leaves no trace but
a number that no list bears.
Source: MS-CSRA 3.1.4.1.6; RFC 5280 5.2; docs/rulings.md (CRLs).
"""

from __future__ import annotations

from datetime import datetime

import attrs

from certsim._engine import ca_names, crl_table, crl_times, crls
from certsim._engine.crl_times import Schedule, Times
from certsim._engine.state import CAState
from certsim._engine.x509 import CACertificate
from certsim.database.rows import CRLRow, Revocations, Value
from certsim.facts.flags import CRLFlag, CRLKind, CRLPublishFlag, URLFlag


@attrs.frozen
class Run:
    """Hold what all lists of one run share.

    *next_publish* is a date that was asked for in place of the period's end, *manual* whether a
    person asked. Source: MS-CSRA 3.1.4.1.6.
    """

    state: CAState
    schedule: Schedule
    number: int
    now: datetime
    next_publish: datetime | None
    manual: bool

    def lists(self, signer: CACertificate, kinds: CRLKind) -> list[CRLRow]:
        """Return the signed lists of one key, the base first.

        While deltas are off none is made, but for a last one (a shadow) beside the first base
        after they were on: it adds nothing to that base, and lasts as long, so that clients which
        were told to look for a delta find one. A delta needs a good base.
        Errors: `ComError` those of `crls.build`. Source: MS-CSRA 3.1.4.1.6.
        """
        key = signer.key_index
        bases = crl_table.lists(self.state, key, delta=False)
        last = crl_table.newest(self.state, key, delta=True)
        made = []
        if kinds & CRLKind.BASE:
            made.append(self._base(signer, bases))
        left_on = last is not None and not crl_table.is_shadow(last)
        if kinds & CRLKind.DELTA and (self.schedule.deltas or left_on):
            made.append(self._delta(signer, [*bases, *made], last))
        return made

    def _base(self, signer: CACertificate, bases: list[CRLRow]) -> CRLRow:
        times = self._times(signer, like_base=True)
        previous = bases[-1] if bases else None
        wanted = Revocations(signer.key_index, self.now, self._told(previous))
        return self._signed(signer, wanted, times, None, CRLPublishFlag.BASE)

    def _delta(
        self,
        signer: CACertificate,
        bases: list[CRLRow],
        previous: CRLRow | None,
    ) -> CRLRow:
        """Return a delta, a shadow while deltas are off; it adds to one of *bases*, oldest first.

        Whichever that is, it repeats from the oldest good one on.
        """
        shadow = not self.schedule.deltas
        good = crl_table.unexpired(bases, self.now)
        crl_flags = self.state.settings.crl_flags
        base = good[-1] if shadow else crl_table.minimum_base(good, self.now, crl_flags)
        since = min(row.moment("CRLThisUpdate") for row in good)
        wanted = Revocations(signer.key_index, self.now, self._told(previous), since)
        times = self._times(signer, like_base=shadow)
        flags = CRLPublishFlag.DELTA | CRLPublishFlag.SHADOW * shadow
        return self._signed(signer, wanted, times, base, flags)

    def _told(self, previous: CRLRow | None) -> datetime | None:
        """Return before which moment a certificate has ended and been told of once since.

        A list that was published by a clock which has been set back tells nothing beyond now.
        """
        return None if previous is None else min(previous.moment("CRLThisPublish"), self.now)

    def _times(self, signer: CACertificate, *, like_base: bool) -> Times:
        arithmetic = crl_times.base if like_base else crl_times.delta
        skew = self.state.settings.skew
        return arithmetic(self.schedule, skew, self.now, signer.not_before, self.next_publish)

    def _signed(
        self,
        signer: CACertificate,
        wanted: Revocations,
        times: Times,
        base: CRLRow | None,
        flags: CRLPublishFlag,
    ) -> CRLRow:
        """Return the row of one list; *base* is what a delta adds to."""
        entries = self.state.shelf.crl_entries(wanted)
        content = self._content(signer, times, base)
        columns: dict[str, Value] = {
            "CRLNumber": self.number,
            "CRLMinBase": content.min_base or 0,
            "CRLNameId": signer.name_id,
            "CRLCount": len(entries),
            "CRLThisUpdate": times.this_update,
            "CRLNextUpdate": times.next_update,
            "CRLThisPublish": times.this_publish,
            "CRLNextPublish": times.next_publish,
            "CRLPropagationComplete": times.propagation_complete,
            "CRLLastPublished": self.now,
            "CRLPublishAttempts": 0,
            "CRLPublishFlags": int(flags | CRLPublishFlag.MANUAL * self.manual),
            "CRLPublishStatusCode": 0,
            "CRLRawCRL": crls.build(signer, entries, content),
        }
        if base is not None:
            columns["CRLEffective"] = base.moment("CRLThisUpdate")
        row_id = self.state.shelf.new_crl_id()
        return CRLRow(row_id, {"CRLRowId": row_id, **columns})

    def _content(self, signer: CACertificate, times: Times, base: CRLRow | None) -> crls.Content:
        """Return what the list says besides its entries.

        A base and its delta have the same issuing distribution point, or no client may combine
        them. Source: RFC 5280 6.3.3.
        """
        settings = self.state.settings
        of_base = self.state.tokens(signer)
        of_delta = self.state.tokens(signer, delta=True)

        def urls(flag: URLFlag, tokens: dict[str, str]) -> list[str]:
            return ca_names.locations(settings.crl_lines, flag, tokens)

        freshest = self.schedule.deltas and base is None
        return crls.Content(
            self.number,
            times,
            None if base is None else base.number("CRLNumber"),
            bool(settings.crl_flags & CRLFlag.CRLNUMBER_CRITICAL),
            urls(URLFlag.ADDTOCRLCDP, of_base if base is None else of_delta),
            urls(URLFlag.ADDTOFRESHESTCRL, of_delta) if freshest else (),
            urls(URLFlag.ADDTOIDP, of_base),
        )
