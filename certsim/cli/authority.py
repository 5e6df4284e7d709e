"""Commands on the CA itself: make one, fetch its certificate, renew it.

Source: Microsoft Learn, certutil (-ca.cert, -renewCert); docs/rulings.md (Folders; Command line).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CAType, CertificationAuthority, ComError
from certsim.cli import files, frame, parser
from certsim.cli.command import (
    ADMINISTRATOR,
    Access,
    Arguments,
    Command,
    FreeCommand,
    Report,
    UsageError,
)
from certsim.cli.show_edit import edited
from certsim.facts.hresults import HRESULT
from certsim.registry import RegistryValue
from certsim.sources import KEY_KINDS

_GROUP = "the CA"
_TYPES = {
    "standalone-root": CAType.STANDALONE_ROOT,
    "standalone-sub": CAType.STANDALONE_SUB,
    "enterprise-root": CAType.ENTERPRISE_ROOT,
    "enterprise-sub": CAType.ENTERPRISE_SUB,
}
_WARNING = (
    "This is NO CA TO TRUST. It imitates one, for lessons and for trying out modules: whoever",
    "can read the folder can sign with its keys, and nobody is asked who he is. Never enter its",
    "certificate among trusted roots.",
)
_BARE_KEYS = "The private keys are not encrypted; --passphrase-file encrypts those of a new CA."


def _init(arguments: Arguments) -> Report:
    folder, secret = arguments.text("folder"), frame.passphrase(arguments.maybe("passphrase_file"))
    ca = CertificationAuthority.create(
        Path(folder),
        arguments.text("name"),
        key=arguments.text("key"),
        ca_type=_TYPES[arguments.text("type")],
        dns_name=arguments.text("dns_name"),
        issuer=frame.issuer(arguments),
        config=dict(map(_setting, arguments.texts("settings"))),
        exit_modules=arguments.texts("exit_modules"),
        policy_module=arguments.maybe("policy_module"),
        passphrase=secret,
    )
    certificate = ca.certificate
    name = certificate.subject.rfc4514_string()
    data = {"folder": folder, "name": ca.name, "subject": name, "encrypted": secret is not None}
    lines = [
        f"{ca.name}: {name}",
        f"{folder} holds its database, registry, keys and published files.",
        *_WARNING,
        *(() if secret else (_BARE_KEYS,)),
    ]
    return Report(data, lines)


def _setting(text: str) -> tuple[str, RegistryValue]:
    """Return `PATH=VALUE` as a path and a value, read as setreg does. Errors: `UsageError`."""
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise UsageError(f"--config: {text!r} is not PATH=VALUE")
    return path, edited(None, value, {}, path)


def _certificate(ca: CertificationAuthority, arguments: Arguments) -> Report:
    held, index = ca.certificates, arguments.maybe_number("index")
    which = len(held) - 1 if index is None else index
    if not 0 <= which < len(held):
        told = f"there is no CA certificate {which}; the newest is {len(held) - 1}"
        raise ComError(HRESULT.E_INVALIDARG, told)
    target = arguments.text("file")
    der = held[which].public_bytes(Encoding.DER)
    files.write(Path(target), der, force=arguments.flag("force"))
    return Report({"file": target, "index": which}, [f"CA certificate {which}: {target}"])


def _renew(ca: CertificationAuthority, arguments: Arguments) -> Report:
    ca.renew(new_key=arguments.flag("new_key"), administrator=arguments.account(ADMINISTRATOR))
    index = len(ca.certificates) - 1
    pem = ca.certificate.public_bytes(Encoding.PEM).decode("ascii")
    line = f"CA certificate {index}, valid until {ca.certificate.not_valid_after_utc:%Y-%m-%d}"
    return Report({"index": index, "certificate": pem}, [line])


def _describe_init(made: argparse.ArgumentParser) -> None:
    made.add_argument("folder", metavar="DIR", help="the folder to make; it must not be there yet")
    made.add_argument("--name", default="certsim Root CA", help="its name (default: %(default)s)")
    made.add_argument(
        "--key",
        choices=KEY_KINDS,
        default="P-256",
        metavar="KIND",
        help="its key: %(choices)s (default: %(default)s)",
    )
    made.add_argument(
        "--type",
        choices=_TYPES,
        default="standalone-root",
        metavar="TYPE",
        help="its type: %(choices)s (default: %(default)s, which becomes a subordinate below"
        " --issuer)",
    )
    made.add_argument(
        "--dns-name",
        default="ca.certsim.test",
        metavar="HOST",
        help="the host in its URLs (default: %(default)s)",
    )
    parser.add_issuer(made)
    _describe_furniture(made)
    parser.add_passphrase(made)


def _describe_furniture(made: argparse.ArgumentParser) -> None:
    """Add what a new CA is furnished with: settings and modules."""
    made.add_argument(
        "--config",
        action="append",
        default=[],
        dest="settings",
        metavar="PATH=VALUE",
        help=r"a setting, as policy\RequestDisposition=0x101; may be repeated",
    )
    made.add_argument(
        "--exit-module",
        action="append",
        default=[],
        dest="exit_modules",
        metavar="SPEC",
        help="an exit module, path/to/file.py:Name or package.module:Name; may be repeated",
    )
    made.add_argument(
        "--policy-module", metavar="SPEC", help="a policy module instead of the standalone one"
    )


def _describe_certificate(made: argparse.ArgumentParser) -> None:
    made.add_argument("file", metavar="FILE", help="where to, DER")
    made.add_argument(
        "index", nargs="?", type=int, metavar="INDEX", help="which one (default: the newest)"
    )
    made.add_argument(
        "-f", "--force", action="store_true", help="replace a file that is there already"
    )


def _describe_renew(made: argparse.ArgumentParser) -> None:
    made.add_argument("--new-key", action="store_true", help="make a new key too")


COMMANDS = (
    FreeCommand(
        name="init",
        group=_GROUP,
        help="make a CA in a folder; a model to imitate, never one to trust",
        describe=_describe_init,
        run=_init,
        more="""
examples:
  certsim init CA --name "Teaching CA" --exit-module examples/hello_exit.py:HelloExit
  certsim init Sub --issuer CA --name "Issuing CA" --config 'policy\\RequestDisposition=0x101'

"""
        + "\n".join(_WARNING),
    ),
    Command(
        name="cacert",
        group=_GROUP,
        help="write a certificate of the CA's own to a file",
        access=Access.READ,
        describe=_describe_certificate,
        run=_certificate,
    ),
    Command(
        name="renew",
        group=_GROUP,
        help="give the CA a new certificate",
        access=Access.SERVICE,
        issuer=True,
        describe=_describe_renew,
        run=_renew,
    ),
)
