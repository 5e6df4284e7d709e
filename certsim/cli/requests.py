"""Commands on requests: hand them in, ask what became of them, decide them.

Source: Microsoft Learn, certreq (-submit, -retrieve) and certutil (-resubmit, -deny,
-setattributes, -setextension); docs/rulings.md (Command line).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from certsim import CertificationAuthority, ComError, Outcome
from certsim.cli import answers, files, values
from certsim.cli.answers import Answer
from certsim.cli.command import OFFICER, USER, Access, Arguments, Command, Report
from certsim.cli.output import counted
from certsim.database.rows import Value
from certsim.facts.hresults import HRESULT

_GROUP = "requests"
_CRITICAL, _DISABLED = 1, 2
"""What -setextension takes as flags."""
_LINE_END = r"the two characters \n stand for a line end"


def _submit(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Hand in one request, or many."""
    typed = list(arguments.texts("requests"))
    names = files.listed(typed)
    if len(names) > 1 or names != typed:
        return answers.Many(_submitted(ca, names, arguments)).report()
    out, force = _out(arguments)
    return answers.report(_handed_in(ca, names[0], arguments), out, force=force)


def _handed_in(ca: CertificationAuthority, name: str, arguments: Arguments) -> Outcome:
    return ca.submit(
        files.read(name, "request file"),
        attributes=values.attributes(arguments.text("attributes")),
        requester=arguments.account(USER),
    )


_OF_THE_FOLDER = frozenset(
    {
        HRESULT.ERROR_DISK_FULL,
        HRESULT.ERROR_WRITE_FAULT,
        HRESULT.ERROR_WRITE_PROTECT,
        HRESULT.ERROR_FILE_CORRUPT,
        HRESULT.ERROR_SHARING_VIOLATION,
    }
)
"""What the next request would end with as well."""


def _submitted(
    ca: CertificationAuthority, names: Iterable[str], arguments: Arguments
) -> Iterator[Answer]:
    """Hand in request after request and yield what came of each.

    A file that cannot be read does not keep the others back, a database that takes no more does.
    With `--out` certificates go into that folder, each by the id of its request.
    """
    folder, force = arguments.maybe("out"), arguments.flag("force")
    if folder is not None and not Path(folder).is_dir():
        raise ComError(HRESULT.ERROR_PATH_NOT_FOUND, f"there is no folder {folder}")
    for name in counted(names, "requests"):
        try:
            outcome = _handed_in(ca, name, arguments)
        except ComError as error:
            yield Answer(name, None, error)
            if error.hresult in _OF_THE_FOLDER:
                return
            continue
        failed = None
        if folder is not None:
            target = Path(folder) / f"{outcome.request_id}.cer"
            failed = answers.keep(outcome, target, force=force)
        yield Answer(name, outcome, failed)


def _out(arguments: Arguments) -> tuple[str | None, bool]:
    """Return where to write a certificate and whether by force; what stands there is told now."""
    out, force = arguments.maybe("out"), arguments.flag("force")
    if out is not None:
        files.check_free(Path(out), force=force)
    return out, force


def _retrieve(ca: CertificationAuthority, arguments: Arguments) -> Report:
    which, caller = arguments.text("which"), arguments.account(USER)
    out, force = _out(arguments)
    if values.is_request_id(which):
        outcome = ca.retrieve(int(which), requester=caller)
    else:
        outcome = ca.retrieve(serial_number=which, requester=caller)
    return answers.report(outcome, out, force=force)


def _resubmit(ca: CertificationAuthority, arguments: Arguments) -> Report:
    outcome = ca.resubmit(arguments.number("request_id"), officer=arguments.account(OFFICER))
    return answers.report(outcome)


def _deny(ca: CertificationAuthority, arguments: Arguments) -> Report:
    ca.deny(arguments.number("request_id"), officer=arguments.account(OFFICER))
    return Report()


def _set_attributes(ca: CertificationAuthority, arguments: Arguments) -> Report:
    ca.set_request_attributes(
        arguments.number("request_id"),
        values.attributes(arguments.text("attributes")),
        officer=arguments.account(OFFICER),
    )
    return Report()


def _set_extension(ca: CertificationAuthority, arguments: Arguments) -> Report:
    flags = arguments.number("flags")
    ca.set_certificate_extension(
        arguments.number("request_id"),
        arguments.text("oid"),
        _extension_value(arguments.text("value")),
        critical=bool(flags & _CRITICAL),
        disabled=bool(flags & _DISABLED),
        officer=arguments.account(OFFICER),
    )
    return Report()


def _extension_value(text: str) -> Value:
    """Return what *text* stands for, as certutil takes it: a number, a date, a file, else a text.

    A file holds the encoded value, or a dump of it in hexadecimal digits.
    """
    if text.startswith("@"):
        content = files.read(text[1:], "extension file")
        digits = re.sub(rb"\s", b"", content)
        if digits and len(digits) % 2 == 0 and re.fullmatch(rb"[0-9A-Fa-f]+", digits):
            return bytes.fromhex(digits.decode("ascii"))
        return content
    try:
        return values.number(text)
    except argparse.ArgumentTypeError:
        return values.moment(text) or text


def _describe_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "requests",
        nargs="+",
        metavar="REQUEST",
        help="a file with a request (DER, PEM or base64; PKCS #10, PKCS #7 or CMC), or a folder of"
        " such files",
    )
    parser.add_argument(
        "--attrib",
        dest="attributes",
        default="",
        metavar="TEXT",
        help=f"request attributes, Name:Value; {_LINE_END}",
    )
    _add_out(parser, "; a folder if there are many requests")


def _add_out(parser: argparse.ArgumentParser, more: str = "") -> None:
    parser.add_argument("--out", metavar="FILE", help=f"write the certificate there as PEM{more}")
    parser.add_argument(
        "-f", "--force", action="store_true", help="replace a file that is there already"
    )


def _describe_retrieve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "which",
        type=values.id_or_serial_number,
        metavar="ID|SERIAL",
        help="a request id or a serial number",
    )
    _add_out(parser)


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "request_id", type=values.request_id, metavar="ID", help="the id of the request"
    )


def _describe_attributes(parser: argparse.ArgumentParser) -> None:
    _add_id(parser)
    parser.add_argument("attributes", metavar="TEXT", help=f"lines Name:Value; {_LINE_END}")


def _describe_extension(parser: argparse.ArgumentParser) -> None:
    _add_id(parser)
    parser.add_argument("oid", metavar="OID", help="which extension, as 2.5.29.17")
    parser.add_argument(
        "flags",
        type=int,
        choices=range(4),
        metavar="FLAGS",
        help="0, 1 for critical, 2 for disabled, 3 for both",
    )
    parser.add_argument(
        "value",
        metavar="VALUE",
        help="a number (INTEGER), an ISO 8601 date (time), @FILE with the encoded value or its"
        " hexadecimal dump, else a text (IA5String)",
    )


COMMANDS = (
    Command(
        name="submit",
        group=_GROUP,
        help="hand in a request, or many",
        access=Access.SERVICE,
        describe=_describe_submit,
        run=_submit,
        more="""
examples:
  certsim submit CA web.csr --out web.cer
  certsim submit CA web.csr --attrib "CertificateTemplate:WebServer\\nCertFile:true"
  certsim submit CA requests/ --out certificates/ --as 'CONTOSO\\alice'""",
    ),
    Command(
        name="retrieve",
        group=_GROUP,
        help="ask what has become of a request, and fetch its certificate",
        access=Access.SERVICE,
        describe=_describe_retrieve,
        run=_retrieve,
    ),
    Command(
        name="resubmit",
        group=_GROUP,
        help="approve a pending or denied request",
        access=Access.SERVICE,
        describe=_add_id,
        run=_resubmit,
    ),
    Command(
        name="deny",
        group=_GROUP,
        help="refuse a pending request",
        access=Access.SERVICE,
        describe=_add_id,
        run=_deny,
    ),
    Command(
        name="setattributes",
        group=_GROUP,
        help="add attributes to a pending request",
        access=Access.SERVICE,
        describe=_describe_attributes,
        run=_set_attributes,
    ),
    Command(
        name="setextension",
        group=_GROUP,
        help="set an extension of a pending request",
        access=Access.SERVICE,
        describe=_describe_extension,
        run=_set_extension,
    ),
)
