"""Commands on certificates that were issued: revoke, check, import, delete.

Serial numbers may be typed with blanks, colons and capitals. Dates are ISO 8601 and local time,
whereas certutil takes them as the machine's settings have it: a script must not mean the first of
February on one machine and the second of January on the next.
Source: Microsoft Learn, certutil (-revoke, -isvalid, -importcert, -deleterow); docs/rulings.md
(Command line).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from certsim import CADisposition, CertificationAuthority, RevocationReason
from certsim.cli import files, values
from certsim.cli.command import (
    ADMINISTRATOR,
    OFFICER,
    USER,
    Access,
    Arguments,
    Command,
    Report,
    UsageError,
)

_GROUP = "certificates and rows"
_TABLES = {"request": "request", "cert": "request", "ext": "extension", "attrib": "attribute"} | {
    "crl": "crl"
}
"""What -deleterow calls the tables, and what the library calls them."""
_EXISTING_ROW = "ExistingRow"


def _revoke(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Revoke one certificate after the other; the first that cannot be revoked ends it."""
    reason = RevocationReason(arguments.number("reason"))
    officer = arguments.account(OFFICER)

    def revoked() -> Iterator[str]:
        for serial in arguments.text("serials").split(","):
            ca.revoke(serial, reason, officer=officer)
            yield serial

    data = ({"serial_number": serial, "reason": reason.name} for serial in revoked())
    return Report(data, (f'Revoking "{serial}" -- {_words(reason)}' for serial in revoked()))


def _words(reason: RevocationReason) -> str:
    """Return a reason as people write it: `Key Compromise`."""
    return "Unrevoke" if reason is RevocationReason.RELEASE else _title(reason.name)


def _title(name: str) -> str:
    return name.replace("_", " ").title().replace("Ca ", "CA ").replace("Crl", "CRL")


def _is_valid(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Tell one of three answers, and why a certificate is revoked; to ask is never a failure."""
    serial, caller = arguments.text("serial"), arguments.account(USER)
    answer = ca.is_valid(serial, caller=caller)
    reason = _reason(ca, serial) if answer is CADisposition.REVOKED else None
    line = {
        CADisposition.VALID: "is valid",
        CADisposition.REVOKED: "is revoked" + (f": {_words(reason)}" if reason is not None else ""),
        CADisposition.INVALID: "was not issued here",
    }.get(answer, answer.name)
    data = {
        "serial_number": serial,
        "validity": answer.name,
        "reason": None if reason is None else reason.name,
    }
    return Report(data, [f'Certificate "{serial}" {line}'])


def _reason(ca: CertificationAuthority, serial: str) -> RevocationReason | None:
    column = "Request.RevokedReason"
    (row,) = ca.view(columns=[column], where=[("SerialNumber", "=", serial)])
    held = row[column]
    return RevocationReason(held) if isinstance(held, int) else None


def _import(ca: CertificationAuthority, arguments: Arguments) -> Report:
    request_id = ca.import_certificate(
        files.read_certificate(arguments.text("file")),
        existing_row=arguments.maybe("row") is not None,
        allow_foreign=arguments.flag("foreign"),
        officer=arguments.account(OFFICER),
    )
    return Report({"request_id": request_id}, [f"RequestId: {request_id}"])


def _delete(ca: CertificationAuthority, arguments: Arguments) -> Report:
    deleted = _deleted(ca, arguments)
    return Report({"deleted": deleted}, [f"Rows deleted: {deleted}"])


def _deleted(ca: CertificationAuthority, arguments: Arguments) -> int:
    """Delete a row by its id, or rows by a date, and return how many went.

    With a date the table has to be named: what it means depends on it.
    Errors: `UsageError` for neither id nor date, and for a date with no table that knows one.
    """
    which, table = arguments.text("which"), arguments.maybe("table")
    who = arguments.account(ADMINISTRATOR)
    if values.is_request_id(which):
        named = _TABLES[table or "request"]
        return ca.delete_rows(named, row_id=int(which), administrator=who)
    date = values.moment(which)
    if date is None:
        raise UsageError(f"{which!r} is neither the id of a row nor a date like 2026-01-31")
    if table == "request":
        return ca.delete_rows(last_changed_before=date, administrator=who)
    if table in ("cert", "crl"):
        return ca.delete_rows(_TABLES[table], expired_before=date, administrator=who)
    raise UsageError("with a date name the table: Request, Cert or CRL")


def _describe_revoke(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "serials",
        type=values.serial_numbers,
        metavar="SERIAL[,SERIAL]",
        help="serial numbers, with commas between them",
    )
    parser.add_argument(
        "reason",
        nargs="?",
        type=values.reason,
        default=RevocationReason.UNSPECIFIED,
        metavar="REASON",
        help="number or name of a reason; -1 or Unrevoke takes a certificate off hold"
        " (default: 0, unspecified)",
    )


def _describe_serial(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "serial", type=values.serial_number, metavar="SERIAL", help="a serial number"
    )


def _describe_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a certificate, DER or PEM")
    parser.add_argument(
        "row",
        nargs="?",
        choices=[_EXISTING_ROW],
        metavar=_EXISTING_ROW,
        help=f"the word {_EXISTING_ROW}: it completes the pending request for the same key",
    )
    parser.add_argument(
        "-f",
        "--foreign",
        action="store_true",
        help="take a certificate of another CA, if KRAFlags allows it",
    )


def _describe_delete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("which", metavar="ID|DATE", help="a row, or all that have had their time")
    parser.add_argument(
        "table",
        nargs="?",
        type=str.lower,
        choices=list(_TABLES),
        metavar="Request|Cert|Ext|Attrib|CRL",
        help="with an id, the table (default: Request, with all that belongs to it); with a date,"
        " Request for pending and failed requests untouched since, Cert and CRL for what had"
        " ended",
    )


COMMANDS = (
    Command(
        name="revoke",
        group=_GROUP,
        help="revoke certificates, put them on hold or release them",
        access=Access.SERVICE,
        describe=_describe_revoke,
        run=_revoke,
        more="""
examples:
  certsim revoke CA 6100000002d3a1b2c3d4 KeyCompromise
  certsim revoke CA 6100000003aa,6100000004bb 6
  certsim revoke CA 6100000003aa -1""",
    ),
    Command(
        name="isvalid",
        group=_GROUP,
        help="tell whether a certificate is valid, revoked or none of the CA's",
        access=Access.SERVICE,
        describe=_describe_serial,
        run=_is_valid,
    ),
    Command(
        name="importcert",
        group=_GROUP,
        help="take a certificate into the database",
        access=Access.SERVICE,
        describe=_describe_import,
        run=_import,
    ),
    Command(
        name="deleterow",
        group=_GROUP,
        help="delete rows of the database, by id or by date",
        access=Access.SERVICE,
        describe=_describe_delete,
        run=_delete,
        more="""
examples:
  certsim deleterow CA 37
  certsim deleterow CA 2026-01-31 Cert""",
    ),
)
