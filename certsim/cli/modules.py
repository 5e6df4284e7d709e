"""Commands on modules: install, remove, list.

A spec is code. It is loaded from where the operator said and from nowhere else, once to see whether
it fits, and then at every start of the CA.
Source: win32 SecCrypto (installing exit and policy modules); docs/rulings.md (Modules).
"""

from __future__ import annotations

import argparse

from certsim import CertificationAuthority
from certsim.cli.command import Access, Arguments, Command, Report, UsageError

_GROUP = "modules"
_EXIT, _POLICY = ".Exit", ".Policy"
_LATER = ("The CA has to be started anew for it; commands that make it act do so by themselves.",)


def _install(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Plug a module in under a name; its ending says what kind it is."""
    name, spec = arguments.text("name"), arguments.maybe("spec")
    if name.endswith(_EXIT):
        installed = ca.install_exit_module(spec, progid=name)
    elif name.endswith(_POLICY):
        installed = ca.install_policy_module(spec, progid=name)
    else:
        raise UsageError(f"{name!r} ends neither in {_EXIT} nor in {_POLICY}")
    return _listed(ca, f"Installed {installed}")


def _remove(ca: CertificationAuthority, arguments: Arguments) -> Report:
    name = arguments.text("name")
    if name.endswith(_POLICY):
        raise UsageError("a CA always has a policy module; install another one in its place")
    ca.remove_exit_module(name)
    return _listed(ca, f"Removed {name}")


def _listed(ca: CertificationAuthority, done: str) -> Report:
    report = _list(ca)
    return Report(report.data, [done, *report.lines], after=_LATER)


def _list(ca: CertificationAuthority) -> Report:
    """List what the next start loads, exit modules in the order in which they are called."""
    data = [{"kind": kind, "name": name, "spec": spec} for kind, name, spec in _held(ca)]
    return Report(data, [f"  {kind:<7}{name} = {spec}" for kind, name, spec in _held(ca)])


def _held(ca: CertificationAuthority) -> list[tuple[str, str, str]]:
    named = [("policy", ca.policy_module), *(("exit", name) for name in ca.exit_modules)]
    return [(kind, name, ca.module_class(name)) for kind, name in named]


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", help=f"the module's ProgID, which ends in {_EXIT} or {_POLICY}"
    )


def _describe_install(parser: argparse.ArgumentParser) -> None:
    _add_name(parser)
    parser.add_argument(
        "spec",
        nargs="?",
        metavar="SPEC",
        help="its class: path/to/file.py:Name or package.module:Name; may be left out for a name"
        " that was installed before, or that every CA comes with",
    )


COMMANDS = (
    Command(
        name="module install",
        group=_GROUP,
        help="plug in an exit module, or another policy module",
        access=Access.CHANGE,
        describe=_describe_install,
        run=_install,
        more="""
examples:
  certsim module install CA Audit.Exit mypackage.audit:AuditExit
  certsim module install CA Hello.Exit examples/hello_exit.py:HelloExit
  certsim module install CA CertificateAuthority_MicrosoftDefault.Exit""",
    ),
    Command(
        name="module remove",
        group=_GROUP,
        help="take an exit module out",
        access=Access.CHANGE,
        describe=_add_name,
        run=_remove,
    ),
    Command(
        name="module list",
        group=_GROUP,
        help="list the modules in the order in which they are called",
        access=Access.READ,
        run=lambda ca, _arguments: _list(ca),
    ),
)
