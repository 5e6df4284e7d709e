"""The script: a tour through the life of requests, certificates, CRLs and the CA itself.

It is data: a table of steps, each with a title that says what it teaches. The policy module is the
standalone one with RequestDisposition 3, which heeds the request attribute `Disposition`
(`Pending`, `Deny`; nothing: issue), so requests steer it. No step needs a clock that moves; the
last but one shows more with one.
Source: MS-WCCE 3.2.1.4.2.1 and MS-CSRA 3.1.4.1.3 (life cycle); MS-CSRA 3.1.4.1.8 (revocation),
3.1.4.1.6 (CRLs), 3.1.4.1.26 (import); the policy sample (attribute Disposition);
docs/rulings.md (Events).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from certsim import RevocationReason
from certsim.cli.tour import Deleted, Step

CONFIG = {r"policy\RequestDisposition": 3, r"ca\KRAFlags": 1}
"""USEREQUESTATTRIBUTE, and ENABLEFOREIGN. Source: certsrv.h, REQDISP and KRAF constants."""
_PENDING, _DENY = "Disposition:Pending", "Disposition:Deny"
_WEEK = timedelta(weeks=1)
"""The period of base CRLs that a CA is delivered with."""

_START = Step(
    "The CA starts, and asks each module which events it wants to hear.",
    lambda stage: stage.ca.start(),
)
_ISSUE = Step(
    "A client asks for a web server certificate; policy issues it at once.",
    lambda stage: stage.submit("www.example.test", "CertFile:true"),
)
_REST = (
    Step(
        "A client asks for a certificate; policy leaves the request pending.",
        lambda stage: stage.submit("shop.example.test", _PENDING),
    ),
    Step(
        "The client asks what has become of it; it is still pending, and no event tells of that.",
        lambda stage: stage.ca.retrieve(stage.request_id),
    ),
    Step(
        "An officer approves: the request goes to policy once more and is issued.",
        lambda stage: stage.resubmit(),
    ),
    Step(
        "The client fetches its certificate, which CERTRETRIEVEPENDING tells the modules.",
        lambda stage: stage.ca.retrieve(stage.request_id),
    ),
    Step(
        "Another request is left pending.",
        lambda stage: stage.submit("mail.example.test", _PENDING),
    ),
    Step(
        "This time the officer denies it.",
        lambda stage: stage.ca.deny(stage.request_id),
    ),
    Step(
        "A client asks for a certificate; policy refuses at once.",
        lambda stage: stage.submit("bank.example.test", _DENY),
    ),
    Step(
        "A client sends a request with a damaged signature; the CA fails it without asking policy.",
        lambda stage: stage.submit_damaged("copy.example.test"),
    ),
    Step(
        "The officer revokes the certificate that was fetched: its key has become known.",
        lambda stage: stage.ca.revoke(stage.serial_number, RevocationReason.KEY_COMPROMISE),
    ),
    Step(
        "The officer changes the reason; for the modules that is a revocation like the first.",
        lambda stage: stage.ca.revoke(stage.serial_number, RevocationReason.SUPERSEDED),
    ),
    Step(
        "Somebody asks whether that certificate is valid; no event tells of questions.",
        lambda stage: stage.ca.is_valid(stage.serial_number),
    ),
    Step(
        "The administrator publishes CRLs: a base and a delta in one run, and one CRLISSUED.",
        lambda stage: stage.ca.publish_crls(),
    ),
    Step(
        "A client asks for another certificate; policy issues it at once.",
        lambda stage: stage.submit("play.example.test"),
    ),
    Step(
        "The officer puts it on hold, the one kind of revocation that can be undone.",
        lambda stage: stage.ca.revoke(stage.serial_number, RevocationReason.CERTIFICATE_HOLD),
    ),
    Step(
        "A delta CRL is published by itself: clients hear of the hold before the next base.",
        lambda stage: stage.ca.publish_crls(base=False),
    ),
    Step(
        "The officer releases the certificate, and CERTREVOKED tells that too.",
        lambda stage: stage.ca.revoke(stage.serial_number, RevocationReason.RELEASE),
    ),
    Step(
        "It is valid again.",
        lambda stage: stage.ca.is_valid(stage.serial_number),
    ),
    Step(
        "The next delta CRL says so: removeFromCRL takes back what the one before had said.",
        lambda stage: stage.ca.publish_crls(base=False),
    ),
    Step(
        "The newest CRLs are published once more: nothing is signed, and their numbers stay.",
        lambda stage: stage.ca.publish_crls(republish=True),
    ),
    Step(
        "The administrator deletes the row of that certificate; no event tells of it.",
        lambda stage: Deleted(stage.ca.delete_rows(row_id=stage.request_id)),
    ),
    Step(
        "The certificate turns up in a backup; the officer imports it, and it gets a new row.",
        lambda stage: stage.import_lost(),
    ),
    Step(
        "The officer imports the certificate of another CA, since KRAFlags 1 lets such ones in.",
        lambda stage: stage.import_foreign("Another CA"),
    ),
    Step(
        "The CA is renewed with a new key, which signs from now on; no event tells of it.",
        lambda stage: stage.ca.renew(new_key=True),
    ),
    Step(
        "CRLs are published for both keys, with one number: each answers for what it signed.",
        lambda stage: stage.ca.publish_crls(),
    ),
    Step(
        "The CA's timer looks for what is due; with --seed a week has gone by, and new CRLs are.",
        lambda stage: stage.tick_after(_WEEK),
    ),
    Step(
        "The CA stops, and tells the modules.",
        lambda stage: stage.ca.stop(),
    ),
)


def script(files: Iterable[tuple[str, bytes]]) -> tuple[Step, ...]:
    """Return the steps of the tour; *files* (name and content) stand in for the first request."""
    given = tuple(_given(name, content) for name, content in files)
    return (_START, *(given or (_ISSUE,)), *_REST)


def _given(name: str, content: bytes) -> Step:
    """Return the step that submits a request of the user's own.

    Nothing is checked here: what the CA makes of an empty or a broken file is what the user
    came to see.
    """
    return Step(
        f"A client submits {name}; policy issues it unless the request says otherwise.",
        lambda stage: stage.ca.submit(content),
    )
