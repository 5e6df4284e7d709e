r"""Who may do what, as data: the permissions on a CA and its restricted officers.

    Security.standalone(r"CORP\admin")
    Security(
        {"Everyone": CAAccess.ENROLL, r"CORP\eve": CAAccess.OFFICER},
        officers={r"CORP\eve": [("*", "WebServer")]},
    )

Accounts are names and nothing else: there is no group but `Everyone` and no password, and whoever
holds the CA may call a verb in any name. This is good for seeing a module, a script or a lesson
meet the refusals of a Windows CA, and keeps nobody out. What a verb asks for is in `access`.
Source: MS-CSRA 3.1.1.7; certsrv.h, CA_ACCESS constants; docs/rulings.md (Roles and audit).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import TypeVar

import attrs

from certsim.errors import ComError, shown
from certsim.facts.access import IMPLIES_READ
from certsim.facts.flags import CAAccess
from certsim.facts.hresults import HRESULT

Pair = tuple[str, str]
"""A requester and a template, as what a restricted officer may touch; `*` is any."""
_EVERYONE, _ANY = "everyone", "*"
_KNOWN = sum(CAAccess)
_T = TypeVar("_T")


def _account(name: object) -> str:
    """Return an account's *name* as it is compared: letter case does not count."""
    if not isinstance(name, str):
        raise ComError(HRESULT.E_INVALIDARG, f"an account name is text, not {shown(name)}")
    return name.lower()


def _items(given: object) -> Iterable[tuple[object, object]]:
    if not isinstance(given, Mapping):
        raise ComError(HRESULT.E_INVALIDARG, f"{shown(given)} is no mapping from account names")
    return given.items()


def _permissions(given: Mapping[str, int]) -> Mapping[str, CAAccess]:
    """Return the rights by account; two spellings of one name add up."""
    held: dict[str, CAAccess] = {}
    for name, rights in _items(given):
        account = _account(name)
        if not isinstance(rights, int) or isinstance(rights, bool) or rights & ~_KNOWN:
            raise ComError(
                HRESULT.E_INVALIDARG, f"{name}: rights are CAAccess bits, not {shown(rights)}"
            )
        held[account] = held.get(account, CAAccess(0)) | rights
    return held


def _officers(given: Mapping[str, Iterable[Pair]]) -> Mapping[str, frozenset[Pair]]:
    """Return what each restricted officer may touch, likewise."""
    held: dict[str, frozenset[Pair]] = {}
    for name, pairs in _items(given):
        account = _account(name)
        if not isinstance(pairs, Iterable):
            raise ComError(HRESULT.E_INVALIDARG, f"{name}: {shown(pairs)} is no list of pairs")
        held[account] = held.get(account, frozenset()) | {_pair(pair) for pair in pairs}
    return held


def _pair(pair: object) -> Pair:
    match pair:
        case (str(requester), str(template)):
            return requester.lower(), template.lower()
    raise ComError(
        HRESULT.E_INVALIDARG, f"{shown(pair, 60)} is no pair of a requester and a template"
    )


def _of(held: Mapping[str, _T], account: str) -> list[_T]:
    """Return what is *held* for everybody and for *account*, as far as there is something."""
    return [held[name] for name in (_EVERYONE, _account(account)) if name in held]


@attrs.frozen
class Security:
    """Hold the permissions on a CA; one without a `Security` checks nobody.

    *permissions* are the rights by account, `Everyone`'s being everybody's. *officers* restricts
    some officers to requests of these (requester, template) pairs; `*` is any, an account that
    is no key may touch all. Names of accounts and templates ignore case, and are kept in small
    letters. Errors: `ComError` E_INVALIDARG for anything else. Source: MS-CSRA 3.1.1.7.
    """

    permissions: Mapping[str, CAAccess] = attrs.field(converter=_permissions)
    officers: Mapping[str, frozenset[Pair]] = attrs.field(converter=_officers, factory=dict)

    @staticmethod
    def standalone(*administrators: str) -> Security:
        """Return what a standalone CA begins with: everybody enrolls, some administer.

        Each of the *administrators* is an officer as well, which role separation would refuse.
        Source: MS-CSRA 3.1.1.7; docs/rulings.md (Roles and audit).
        """
        both = CAAccess.ADMIN | CAAccess.OFFICER
        return Security({"Everyone": CAAccess.ENROLL} | {_account(a): both for a in administrators})

    def access(self, account: str) -> CAAccess:
        """Return the rights of *account*: its own and everybody's, and READ where they imply it.

        Source: MS-CSRA 3.1.1.7 (Enroll, Officer and Admin imply Read, the other two do not).
        """
        rights = reduce(or_, _of(self.permissions, account), CAAccess(0))
        return rights | CAAccess.READ if rights & IMPLIES_READ else rights

    def reaches(self, account: str, requester: str, template: str) -> bool:
        """Tell whether officer *account* may touch a request by *requester* for *template*.

        A request that names no template has "", which only `*` fits.
        Source: MS-CSRA 3.1.1.7 (officer rights).
        """
        allowed = _of(self.officers, account)
        wanted = {(a, b) for a in (_ANY, requester.lower()) for b in (_ANY, template.lower())}
        return not allowed or any(pairs & wanted for pairs in allowed)
