r"""`certsim getreg`, `setreg` and `delreg`: the configuration, as certutil shows and changes it.

A path counts from the CA's own key: `ca\Name`, `policy\Name` and `exit\Name` (of the active
policy module and the first exit module), `ExitModules\<ProgID>\Name`. What is shown begins with
the whole path in the registry; numbers are in hexadecimal without prefix, with the decimal number
behind if it differs, and below them the bits they are made of. A change is shown as old and new
value, and counts from the CA's next start.

With `--json` numbers are unsigned, bytes hexadecimal, lists arrays. The results:

    getreg            key (the whole path), keys (the names of those below), values
      values          name, type (REG_DWORD …), value, and of a number flags: what it is made of
    getreg --export   exported: the file
    setreg, delreg    key, name, old and new: as above, null for no value
    setreg --import   set, deleted and skipped: how many

Source: windowsserverdocs certutil (-getreg, -setreg, -delreg), published output of it;
docs/rulings.md (Command line).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from certsim import CertificationAuthority, ComError, regfile
from certsim.cli import files, show_edit, show_registry, show_typed
from certsim.cli.command import ADMINISTRATOR, Access, Arguments, Command, Report, UsageError
from certsim.facts.hresults import HRESULT
from certsim.registry import RegistryValue

_MACHINE = "HKEY_LOCAL_MACHINE"
_LARGEST = 1 << 26
"""Bytes that a .reg file may have: in UTF-16 each byte of a value takes six."""
_AFTER = (
    "Changes count when the CA starts the next time; one that runs may have to be restarted.",
)
_MORE_GET = r"""
examples:
  certsim getreg CA
  certsim getreg CA policy\EditFlags
  certsim getreg CA ca\CRL*
  certsim getreg CA exit
  certsim getreg CA --export ca.reg
"""
_MORE_SET = r"""
VALUE: a number (0x10, 16); bits of the number that is there, by number or name (+0x10, -16,
+EDITF_ATTRIBUTEENDDATE, -EDITF_ATTRIBUTEENDDATE); a list (first\nsecond, only\n); members of the
list that is there (+third, -first); the contents of a file (@FILE); text. Before a VALUE that
begins with a minus sign and is mistaken for an option, put --.

examples:
  certsim setreg CA policy\EditFlags +EDITF_ATTRIBUTESUBJECTALTNAME2
  certsim setreg CA policy\RequestDisposition 0x101
  certsim setreg CA ca\CRLPeriodUnits 52
  certsim setreg CA ca\SubjectTemplate +SurName
  certsim setreg CA --import ca.reg
"""


def _describe_get(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        default="ca",
        help=r"a value, a key, or names that begin"
        r" alike (ca\CRL*); by default the CA's own key",
    )
    parser.add_argument(
        "--export", metavar="FILE", help="write the whole configuration to a .reg file instead"
    )
    parser.add_argument("--force", action="store_true", help="replace a FILE that is there")


def _getreg(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Show values, or export all.

    Errors: `ComError` ERROR_FILE_NOT_FOUND for a path that leads nowhere, ERROR_FILE_EXISTS for a
    file that is there.
    """
    target = arguments.maybe("export")
    if target is not None:
        path = Path(target)
        files.write(path, regfile.encode_windows(ca.export_config()), force=arguments.flag("force"))
        return Report(data={"exported": target}, lines=[f"Exported to {path}."])
    where, values, keys = _found(ca, arguments.text("path"))
    return Report(
        data={
            "key": where,
            "keys": keys,
            "values": [show_registry.data(name, value) for name, value in values.items()],
        },
        lines=show_registry.listing(where, values, keys),
    )


def _found(
    ca: CertificationAuthority, path: str
) -> tuple[str, Mapping[str, RegistryValue], list[str]]:
    """Return the key that *path* leads to, its values that are meant, and the keys below it.

    A value goes before a key of its name. Errors: `ComError` ERROR_FILE_NOT_FOUND where there is
    neither.
    """
    above, name = _split(path)
    if above is not None:
        where, values = _key(ca, above)
        wanted = name.lower().removesuffix("*")
        chosen = {
            held: value
            for held, value in values.items()
            if (held.lower().startswith(wanted) if name.endswith("*") else held.lower() == wanted)
        }
        if chosen:
            return where, chosen, []
    if not name.endswith("*"):
        where, values = _key(ca, path)
        keys = _below(ca, where)
        if values or keys:
            return where, values, keys
    raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"{path}: there is no such value and no such key")


def _key(ca: CertificationAuthority, path: str) -> tuple[str, Mapping[str, RegistryValue]]:
    """Return a key's whole path, root included, and its values."""
    where, values = ca.config_key(path)
    return rf"{_MACHINE}\{where}", values


def _split(path: str) -> tuple[str | None, str]:
    """Return the key and the name that *path* has if it means a value; a root means none.

    A name alone is a value of the CA's own key, as for `get_config`.
    """
    above, _, name = path.rpartition("\\")
    if above or path.lower() in ("ca", "policy", "exit"):
        return above or None, name
    return "ca", name


def _below(ca: CertificationAuthority, where: str) -> list[str]:
    """Return the names of the keys directly below the key *where*, in alphabetical order.

    An export tells them: it has every key that has values, and others there are none.
    """
    start = f"{where.lower()}\\"
    found: dict[str, str] = {}
    for key, _, _ in regfile.parse(ca.export_config()):
        if key.lower().startswith(start):
            name = key[len(start) :].partition("\\")[0]
            found.setdefault(name.lower(), name)
    return sorted(found.values(), key=str.lower)


def _describe_set(parser: argparse.ArgumentParser) -> None:
    show_typed.allow_signs(parser)
    parser.add_argument("path", nargs="?", metavar="PATH", help=r"a value, as ca\CRLPeriodUnits")
    parser.add_argument("value", nargs="?", metavar="VALUE", help="what it is to be; see below")
    parser.add_argument(
        "--import", dest="source", metavar="FILE", help="take over a .reg file instead"
    )


def _setreg(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Change a value, or import many.

    The value is worked out from the one that is there, and written for good. Two who change one
    value at the same moment do not see each other: the later one counts, as on a server.
    Errors: `UsageError` for a form that does not go with the value, and `ComError` as `set_config`.
    """
    path, text, source = (arguments.maybe(name) for name in ("path", "value", "source"))
    if source is not None and path is None:
        return _import(ca, source, arguments.account(ADMINISTRATOR))
    if path is None or text is None or source is not None:
        raise UsageError("setreg takes PATH and VALUE, or --import FILE and neither")
    where, name = _spelt(ca, path)
    old = ca.get_config(path)
    new = show_edit.edited(old, text, show_registry.known(name), name)
    ca.set_config(path, new, administrator=arguments.account(ADMINISTRATOR))
    return _changed(where, name, old, new)


def _spelt(ca: CertificationAuthority, path: str) -> tuple[str, str]:
    """Return the key that the value at *path* stands in, and its name as it stands there."""
    above, name = _split(path)
    where, values = _key(ca, above or "ca")
    return where, next((held for held in values if held.lower() == name.lower()), name)


def _import(ca: CertificationAuthority, source: str, administrator: str) -> Report:
    """Take over a .reg file, all of it or nothing.

    Errors: `ComError` ERROR_INVALID_DATA naming the line, and those of a file that cannot be read.
    """
    text = regfile.decode(files.read(source, "registry file", _LARGEST))
    done = ca.import_config(text, administrator=administrator)
    return Report(
        data={"set": done.set, "deleted": done.deleted, "skipped": done.skipped},
        lines=[
            f"Values set: {done.set}",
            f"Values deleted: {done.deleted}",
            f"Entries of other owners, left alone: {done.skipped}",
        ],
        after=_AFTER,
    )


def _describe_delete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help=r"a value, as exit\SMTP\EventFilter")


def _delreg(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Delete a value; a key goes with the last value that is in it or below it."""
    path = arguments.text("path")
    where, name = _spelt(ca, path)
    old = ca.get_config(path)
    if old is None:
        raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"{path}: there is no such value")
    ca.set_config(path, None, administrator=arguments.account(ADMINISTRATOR))
    return _changed(where, name, old, None)


def _changed(where: str, name: str, old: RegistryValue | None, new: RegistryValue | None) -> Report:
    """Report a change: the whole path, and the value before and after it, if there is one."""
    data: dict[str, object] = {"key": where, "name": name}
    blocks = [rf"{where}\{name}:"]
    for title, value in (("old", old), ("new", new)):
        data[title] = None if value is None else show_registry.data(name, value)
        if value is not None:
            blocks += ["", f"{title.capitalize()} Value:", *show_registry.lines(name, value)]
    return Report(data=data, lines=blocks, after=_AFTER)


COMMANDS = (
    Command(
        name="getreg",
        group="configuration",
        help="show the configuration, or export it",
        describe=_describe_get,
        more=_MORE_GET,
        access=Access.READ,
        run=_getreg,
    ),
    Command(
        name="setreg",
        group="configuration",
        help="change a value of the configuration, or import many",
        describe=_describe_set,
        more=_MORE_SET,
        access=Access.CHANGE,
        run=_setreg,
    ),
    Command(
        name="delreg",
        group="configuration",
        help="delete a value of the configuration",
        describe=_describe_delete,
        access=Access.CHANGE,
        run=_delreg,
    ),
)
