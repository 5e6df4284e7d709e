"""Any sequence of verbs, verdicts and modules: the engine does what the hand-written model says.

Hypothesis draws the exit modules with their masks and tempers, the switches, the configuration, and
a sequence of verbs with the verdict policy will give to each; time passes in between. After every
step the answers, the rows, the CRL table, what was heard in which order, and the event log are
compared with `ca_model`. Lists are read back with `cryptography`, and put together as a client
would, which knows no more than an older base and the newest delta.
"""

from __future__ import annotations

import json
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from certsim import ComError, PublishedCRL
from tests.machines import readback
from tests.machines import request_model as model
from tests.machines.ca_model import Found
from tests.machines.crl_model import BASE, CRL, DELTA, REMOVE
from tests.machines.drawn import (
    COLOURS,
    DATES,
    DAY,
    EFFECTIVE,
    HOUR,
    ISSUE,
    LIMITS,
    PICKS,
    REASONS,
    RUNS,
    SPANS,
    STRANGERS,
    YEAR,
    moment,
)
from tests.machines.request_rules import NO_SERIAL, OFFICER, RequestRules, same_message

HOLD, RELEASE, REPUBLISH = 6, -1, 4
SHADOW = 8
LONG_ENOUGH = timedelta(days=60)


class EngineMachine(RequestRules):
    """Drive a CA and the model side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.bases: list[tuple[CRL, list[readback.Listed]]] = []

    def serial(self, pick: int) -> str:
        """Return a serial number: mostly one that is there, at times in capitals or of nobody."""
        serials = [row.serial for row in self.model.rows.values() if row.serial]
        if not serials or pick % 7 == 6:
            return NO_SERIAL
        found = serials[-1 - pick // 7 % len(serials)]
        return found.upper() if pick % 7 == 5 else found

    def issued(self) -> int:
        """Have a certificate issued and return its pick."""
        self.submit("good", ISSUE, "")
        return 0

    @rule(pick=PICKS, reason=REASONS, effective=EFFECTIVE)
    def revoke(self, pick: int, reason: object, effective: object) -> None:
        self.revoke_one(self.serial(pick), reason, effective)

    def revoke_one(self, serial: str, reason: object, effective: object) -> None:
        """Revoke by serial number, and check how the certificate stands then."""
        when = moment(self.model.now, effective)
        self.both(
            lambda: self.ca.revoke(serial, reason, effective=when, officer=OFFICER),
            lambda: self.model.revoke(serial, reason, when, OFFICER),
        )
        self.both(lambda: self.ca.is_valid(serial), lambda: self.model.is_valid(serial))

    @rule(
        reason=st.sampled_from([0, 1, 4, HOLD, 8]),
        span=SPANS,
        again=st.just(HOLD) | REASONS,
        when=EFFECTIVE,
    )
    def issue_and_revoke(self, reason: int, span: timedelta, again: object, when: object) -> None:
        self.revoke(self.issued(), reason, None)
        self.pass_time(span)
        self.revoke(0, again, when)

    @rule(ahead=st.sampled_from([HOUR, 2 * DAY]), span=SPANS, run=RUNS)
    def revoke_for_later(self, ahead: timedelta, span: timedelta, run: int) -> None:
        self.revoke(self.issued(), 1, ahead)
        self.publish_crls(run, None)
        self.pass_time(span)
        self.is_valid(0)
        self.publish_crls(run, None)

    @rule(run=RUNS)
    def revoke_and_delete(self, run: int) -> None:
        self.revoke(self.issued(), 1, None)
        self.delete("request", 0)
        self.publish_crls(run, None)

    @rule(spans=st.tuples(SPANS, SPANS), runs=st.tuples(RUNS, RUNS))
    def hold_and_release(self, spans: tuple[timedelta, timedelta], runs: tuple[int, int]) -> None:
        self.revoke(self.issued(), HOLD, None)
        self.pass_time(spans[0])
        self.publish_crls(runs[0], None)
        self.revoke(0, RELEASE, None)
        self.pass_time(spans[1])
        self.publish_crls(runs[1], None)
        self.revoke(0, RELEASE, None)

    @rule(
        lasting=st.sampled_from([None, -2, -3]),
        reason=st.sampled_from([1, HOLD]),
        spans=st.lists(st.sampled_from([HOUR, DAY, 8 * DAY]), min_size=1, max_size=3),
        run=RUNS,
    )
    def revoke_at_the_end(
        self, lasting: int | None, reason: int, spans: list[timedelta], run: int
    ) -> None:
        pick = self.issued()
        self.pass_time(model.LIFE - HOUR)
        self.revoke(pick, reason, None)
        if lasting is not None:
            self.revoke(pick, lasting, None)
        for span in spans:
            self.publish_crls(run, None)
            self.pass_time(span)
        if reason == HOLD:
            self.revoke(pick, RELEASE, None)
        self.publish_crls(BASE | DELTA, None)

    @rule(pick=PICKS)
    def is_valid(self, pick: int) -> None:
        serial = self.serial(pick)
        self.both(lambda: self.ca.is_valid(serial), lambda: self.model.is_valid(serial))

    @rule(
        pick=PICKS,
        foreign=st.sampled_from([True, True, False]),
        existing=st.sampled_from([False, False, True]),
        reason=REASONS,
    )
    def import_and_revoke(
        self, pick: int, reason: object, *, foreign: bool, existing: bool
    ) -> None:
        known = [*self.certificates, self.root(), *STRANGERS]
        taken = known[-1 - pick % len(known)]
        self.take_in(taken, foreign=foreign, existing=existing)
        self.revoke_one(taken[0].serial, reason, None)

    def take_in(self, known: tuple[Found, bytes], *, foreign: bool, existing: bool) -> None:
        """Import one certificate on both sides."""
        found, raw = known
        self.both(
            lambda: self.ca.import_certificate(
                raw, allow_foreign=foreign, existing_row=existing, officer=OFFICER
            ),
            lambda: self.model.take_in(found, OFFICER, foreign=foreign, existing=existing),
        )

    def root(self) -> tuple[Found, bytes]:
        """Return the CA's newest certificate, which is one of its own making like any other."""
        held, certificate = self.model.certificates[-1], self.ca.certificate
        found = Found(f"{certificate.serial_number:x}", held.ends, held.key, ours=False)
        return found, certificate.public_bytes(Encoding.DER)

    @rule(pick=PICKS)
    def lose_and_import(self, pick: int) -> None:
        if self.certificates:
            lost = self.certificates[-1 - pick % len(self.certificates)]
            self.delete_row("request", self.model.by_serial(lost[0].serial))
            self.take_in(lost, foreign=False, existing=False)

    @rule(table=st.sampled_from(["request", "attribute"]), pick=PICKS)
    def delete(self, table: str, pick: int) -> None:
        self.delete_row(table, self.number(pick))

    def delete_row(self, table: str, number: int) -> None:
        """Delete by id on both sides."""
        judge = self.model.delete if table == "request" else self.model.delete_attributes
        self.both(
            lambda: self.ca.delete_rows(table, row_id=number),
            lambda: judge(number),
        )

    @rule(what=st.sampled_from(["expired", "idle", "lists"]), limit=LIMITS)
    def delete_by_date(self, what: str, limit: timedelta) -> None:
        before = self.model.now + limit
        judges = {
            "expired": self.model.delete_expired,
            "idle": self.model.delete_idle,
            "lists": self.model.delete_lists,
        }
        given = {"last_changed_before" if what == "idle" else "expired_before": before}
        self.both(
            lambda: self.ca.delete_rows("crl" if what == "lists" else "request", **given),
            lambda: judges[what](before),
        )

    @rule(span=SPANS)
    def pass_time(self, span: timedelta) -> None:
        """Let time pass, and the CA be renewed in good time."""
        if self.model.certificates[-1].ends - self.model.now < span + LONG_ENOUGH:
            self.renew(new_key=False)
        self.sources.clock.advance(span)
        self.model.pass_time(span)

    @rule(new_key=st.booleans())
    def renew(self, *, new_key: bool) -> None:
        self.both(lambda: self.ca.renew(new_key=new_key), lambda: self.model.renew(new_key=new_key))

    @rule()
    def outlive_a_key(self) -> None:
        self.renew(new_key=True)
        self.pass_time(3 * YEAR)

    @rule(run=RUNS, date=DATES)
    def publish_crls(self, run: int, date: object) -> None:
        until, kinds = moment(self.model.now, date), run & (BASE | DELTA)
        again = bool(run & REPUBLISH)
        expected = model.answer_of(lambda: self.model.publish(kinds, until, again=again))
        asked = {"base": bool(run & BASE), "delta": bool(run & DELTA), "republish": again}
        if isinstance(expected, model.RefusedError):
            with pytest.raises(ComError) as caught:
                self.ca.publish_crls(**asked, next_update=until)
            assert caught.value.hresult == expected.code
            return
        self.compare(self.ca.publish_crls(**asked, next_update=until), expected, fresh=not again)

    @rule(span=st.sampled_from([HOUR, 6 * HOUR, DAY]), count=st.integers(1, 6))
    def tick_along(self, span: timedelta, count: int) -> None:
        for _ in range(count):
            expected = self.model.tick()
            self.compare(self.ca.tick(), expected, fresh=True)
            self.pass_time(span)

    @rule(days=st.sampled_from([0, 1]))
    def switch_deltas(self, days: int) -> None:
        self.ca.set_config(r"ca\CRLDeltaPeriodUnits", days)
        self.model.lists.delta_period = days * DAY

    def compare(self, got: tuple[PublishedCRL, ...], expected: list[CRL], *, fresh: bool) -> None:
        """Compare what one run published, entry for entry, and let a client follow."""
        read = [(published, published.crl) for published in got]
        assert [readback.said(crl) for _, crl in read] == [readback.foretold(m) for m in expected]
        for (published, crl), wanted in zip(read, expected, strict=True):
            answer = (published.kind, published.key_index, published.number, published.status)
            assert answer == (wanted.kind, wanted.key, wanted.number, 0)
            self.check_issuer(crl, wanted)
            if fresh and wanted.kind == BASE:
                self.bases.append((wanted, readback.entries(crl)))
            elif fresh:
                self.follow(wanted, readback.entries(crl))

    def check_issuer(self, crl: x509.CertificateRevocationList, wanted: CRL) -> None:
        """Check that the list is signed with its key, and says so by that key's identifier."""
        signer = self.ca.certificates[wanted.signer]
        assert crl.is_signature_valid(signer.public_key())
        assert crl.issuer == signer.subject
        named = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        held = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert named.key_identifier == held.digest

    def follow(self, delta: CRL, entries: list[readback.Listed]) -> None:
        """Check that a client with any base the delta adds to knows who is revoked, and why.

        Left out are certificates that have ended, those with a crooked past, and those whose very
        reason is 8, which a client takes for a release.
        """
        now = self.model.now
        for base, listed in self.bases:
            if base.key != delta.key or base.number < delta.least or base.ends < now:
                continue
            revoked = readback.together(listed, entries)
            for row in self.model.rows.values():
                if row.serial is None or row.key != base.key or row.ends < now:
                    continue
                straight = not row.crooked and row.reason != REMOVE
                if straight and row.state in (model.ISSUED, model.REVOKED):
                    wanted = row.reason if row.state == model.REVOKED else None
                    assert revoked.get(int(row.serial, 16)) == wanted

    @rule(pick=PICKS, colour=COLOURS)
    def stop_ask_and_start(self, pick: int, colour: str) -> None:
        self.both(self.ca.stop, self.model.stop)
        self.both(self.ca.stop, self.model.stop)
        self.submit("good", ISSUE, colour)
        self.resubmit(pick, ISSUE)
        for verb in (self.deny, self.retrieve, self.set_certificate_extension, self.is_valid):
            verb(pick)
        self.revoke(pick, HOLD, None)
        self.take_in(self.root(), foreign=False, existing=False)
        self.delete("request", pick)
        self.publish_crls(BASE, None)
        self.renew(new_key=True)
        self.both(self.ca.tick, self.model.tick)
        self.both(self.ca.start, self.model.start)

    @invariant()
    def both_heard_the_same(self) -> None:
        """Every module hears the events of its mask and no others, in the model's order."""
        if hasattr(self, "ca"):
            assert self.heard == self.model.heard

    @invariant()
    def rows_are_the_models(self) -> None:
        """Each row is as the model has it, and ids are the model's."""
        if not hasattr(self, "ca"):
            return
        shelf = list(self.ca._state.shelf)
        got = [
            (
                row.request_id,
                int(row.disposition),
                row.columns["Request.StatusCode"],
                row.was_pending,
                row.columns.get("SerialNumber"),
                dict(row.attributes).get("Colour", ""),
                row.columns.get("Request.RevokedReason"),
                row.columns.get("Request.RevokedEffectiveWhen"),
                row.columns.get("Request.RevokedWhen"),
                row.columns.get("PublishExpiredCertInCRL"),
                row.columns.get("Request.ResolvedWhen"),
            )
            for row in shelf
        ]
        wanted = [
            (
                row.number,
                row.state,
                row.status,
                row.ever_pending,
                row.serial,
                row.colour,
                row.reason,
                row.effective,
                row.told,
                row.lasting,
                row.resolved,
            )
            for row in self.model.rows.values()
        ]
        assert got == wanted
        for row, judge in zip(shelf, self.model.rows.values(), strict=True):
            assert same_message(judge.message, row.message)

    @invariant()
    def the_crl_table_is_the_models(self) -> None:
        """Every list that was signed is there with its moments until it may go."""
        if not hasattr(self, "ca"):
            return
        got = [
            (
                row.number("CRLNameId"),
                row.number("CRLNumber"),
                row.number("CRLMinBase"),
                row.number("CRLCount"),
                row.moment("CRLThisPublish"),
                row.moment("CRLPropagationComplete"),
                row.number("CRLPublishFlags") & (BASE | DELTA | SHADOW),
            )
            for row in self.ca._state.shelf.crls()
        ]
        assert got == [
            (
                crl.key << 16 | crl.signer,
                crl.number,
                crl.least,
                len(crl.entries),
                crl.made,
                crl.spread,
                crl.kind | SHADOW * crl.shadow,
            )
            for crl in self.model.lists.table
        ]

    @invariant()
    def event_logs_agree(self) -> None:
        """Failures of modules are logged under the model's ids, in its order."""
        if not hasattr(self, "ca"):
            return
        got = [(e.event_id, e.module, e.method, e.request_id) for e in self.ca.event_log]
        assert got == self.model.log
        assert self.ca.running == self.model.running

    def teardown(self) -> None:
        """Stop the CA, and check that all that happened prints as one line and turns into JSON."""
        super().teardown()
        if hasattr(self, "ca"):
            for entry in self.ca.journal:
                assert len(str(entry).splitlines()) == 1
                assert json.dumps(entry.as_dict())


SHORT = settings(
    max_examples=120,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_engine_agrees_with_the_model() -> None:
    """A hundred drawn histories and more, each of up to thirty verbs."""
    run_state_machine_as_test(EngineMachine, settings=SHORT)


@pytest.mark.long
def test_the_engine_agrees_with_the_model_for_long() -> None:
    """Thousands of drawn histories, longer ones."""
    run_state_machine_as_test(
        EngineMachine, settings=settings(SHORT, max_examples=2500, stateful_step_count=60)
    )
