"""Commands on CRLs: publish, publish what is due, fetch.

A list that was signed but did not reach one of its places is a command that failed, with the first
code of a place, as the call fails on Windows; the list stands in the database all the same, and
`tick` tries again.
Source: Microsoft Learn, certutil (-CRL, -GetCRL); MS-CSRA 3.1.4.1.6; docs/rulings.md (Command
line).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CertificationAuthority, ComError, PublishedCRL, Sources
from certsim.cli import document, files, values
from certsim.cli.command import ADMINISTRATOR, Access, Arguments, Command, Report, UsageError
from certsim.cli.output import working

_GROUP = "CRLs"
_DELTA, _REPUBLISH = "delta", "republish"


def _publish(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Publish a base and a delta, or a delta alone.

    Errors: `UsageError` for a word that is none of the three, and for a period beside republish.
    """
    words = [word.lower() for word in arguments.texts("what")]
    spans = [found for found in map(values.period, words) if found is not None]
    known = [word for word in words if word in (_DELTA, _REPUBLISH)]
    if len(spans) + len(known) != len(words) or len(spans) > 1:
        raise UsageError("crl takes dd:hh or republish, and delta")
    if spans and _REPUBLISH in known:
        raise UsageError("lists that are published once more keep their period")
    with working("publishing CRLs"):
        published = ca.publish_crls(
            base=_DELTA not in known,
            republish=_REPUBLISH in known,
            next_update=_from_now(spans[0]) if spans else None,
            administrator=arguments.account(ADMINISTRATOR),
        )
    return _report(published)


def _from_now(span: timedelta) -> datetime:
    return Sources.system().clock.now() + span


def _tick(ca: CertificationAuthority, _arguments: Arguments) -> Report:
    with working("publishing CRLs"):
        published = ca.tick()
    return _report(published) if published else Report([], ["Nothing is due."])


def _report(published: Iterable[PublishedCRL]) -> Report:
    """Return the report on lists that were signed, with the first place that has not got its."""
    made = list(published)
    failed = next((crl for crl in made if crl.status), None)
    failure = None
    if failed is not None:
        failure = ComError(failed.status, f"signed, but not at all its places: {failed}")
    return Report([document.crl(crl) for crl in made], map(str, made), failure)


def _fetch(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Write the newest list of a key to a file. Errors: `UsageError` for other words."""
    words = [word.lower() for word in arguments.texts("which")]
    delta = words[-1:] == [_DELTA]
    index = words[: len(words) - delta]
    if len(index) > 1 or not all(map(values.is_request_id, index)):
        raise UsageError("getcrl takes the index of a key, and delta")
    crl = ca.crl(int(index[0]) if index else None, delta=delta)
    der = crl.public_bytes(Encoding.DER)
    target = arguments.text("file")
    files.write(Path(target), der, force=arguments.flag("force"))
    line = f"{'Delta' if delta else 'Base'} CRL: {len(crl):,} entries, {len(der):,} bytes: {target}"
    return Report({"file": target, "entries": len(crl), "bytes": len(der)}, [line])


def _describe_publish(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="*",
        metavar="dd:hh|republish|delta",
        help="dd:hh, days and hours to the next update instead of the configured ones; republish,"
        " the newest lists once more; delta, no base CRL",
    )


def _describe_fetch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="where to, DER")
    parser.add_argument(
        "which",
        nargs="*",
        metavar="INDEX|delta",
        help="which key of the CA signed it (default: the newest); delta, the delta CRL and not the"
        " base",
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help="replace a file that is there already"
    )


COMMANDS = (
    Command(
        name="crl",
        group=_GROUP,
        help="publish CRLs",
        access=Access.SERVICE,
        describe=_describe_publish,
        run=_publish,
    ),
    Command(
        name="tick",
        group=_GROUP,
        help="publish the CRLs that are due, as the CA's own timer does on Windows",
        access=Access.SERVICE,
        run=_tick,
    ),
    Command(
        name="getcrl",
        group=_GROUP,
        help="write the newest CRL to a file",
        access=Access.READ,
        describe=_describe_fetch,
        run=_fetch,
    ),
)
