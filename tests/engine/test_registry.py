r"""Configuration: where values live, which paths lead to them, and what a module sees of them.

Source: certsrv.h (wszREG constants); windowsserverdocs certutil (-getreg); MS-CSRA 3.1.4.2.15.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

import certsim
from certsim.registry import Registry, open_key
from tests.codes import E_INVALIDARG, ERROR_FILE_NOT_FOUND, ISSUE, refused
from tests.engine import values_kit as kit
from tests.registry.drawn import names, values

ROOT = r"SYSTEM\CurrentControlSet\Services\CertSvc\Configuration\Lab CA"


class Listener:
    """Be an exit module that hears nothing."""

    def Initialize(self, strConfig: str, /) -> int:
        return 0

    def Notify(self, ExitEvent: int, Context: int, /) -> None:
        raise AssertionError

    def GetDescription(self) -> str:
        return "Listens"


@given(name=names, value=values)
def test_what_is_written_is_read(name: str, value: Any) -> None:
    """For all names and values: the same value comes back, in any case of an ASCII name."""
    registry = Registry("Lab CA")
    registry.write("Key", name, value)
    assert registry.read("KEY", name) == value
    if name.isascii():
        assert registry.read("key", name.upper()) == value


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (-1, 0xFFFFFFFF),
        (-(2**31), 0x80000000),
        (True, 1),
        (certsim.ExitEvent.CRLISSUED, 0x20),
        (("a", "b"), ["a", "b"]),
    ],
)
def test_what_is_read_is_plain(written: Any, read: object) -> None:
    """Signed numbers, truth values, members and tuples become what winreg would hand out."""
    with kit.authority(config={r"ca\X": written}) as ca:
        found = ca.get_config(r"ca\X")
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    "value", [2**32, -(2**31) - 1, 1.5, {"a": 1}, [1], ["a", 1], ["a\0b"], object()]
)
def test_what_no_registry_holds_is_refused(value: Any) -> None:
    """Values outside the four kinds are E_INVALIDARG, at construction and later."""
    with refused(E_INVALIDARG):
        kit.authority(config={r"ca\X": value})
    with kit.authority() as ca:
        with refused(E_INVALIDARG):
            ca.set_config(r"ca\X", value)
        assert ca.get_config(r"ca\X") is None


def test_a_list_read_is_a_copy() -> None:
    """Changing a list that was read or written changes no configuration."""
    with kit.authority() as ca:
        mine = ["a"]
        ca.set_config(r"ca\X", mine)
        mine.append("b")
        found = ca.get_config(r"ca\X")
        assert found == ["a"]
        assert isinstance(found, list)
        found.append("c")
        assert ca.get_config(r"ca\X") == ["a"]


@pytest.mark.parametrize(
    ("path", "same"),
    [
        (r"ca\ValidityPeriod", "ValidityPeriod"),
        (r"CA\validityperiod", r"ca\ValidityPeriod"),
        (r"policy\X", r"PolicyModules\FunctionPolicy.Policy\X"),
        (r"exit\X", r"ExitModules\Listener.Exit\X"),
        (r"exit\SMTP\X", r"ExitModules\Listener.Exit\SMTP\X"),
        (r"EXIT\smtp\x", r"exitmodules\listener.exit\SMTP\X"),
    ],
)
def test_paths_lead_where_certutil_leads(path: str, same: str) -> None:
    r"""`ca\`, `policy\` and `exit\` are the CA, its policy module and its first exit module."""
    with kit.authority(Listener(), Listener(), policy=kit.always(ISSUE)) as ca:
        ca.set_config(path, "changed")
        assert ca.get_config(same) == "changed"
        assert ca.get_config(r"ExitModules\Listener2.Exit\X") is None


@pytest.mark.parametrize("path", ["", "\\", "ca\\", "\\X", r"ca\\X", r"exit\SMTP\\X"])
def test_paths_that_name_nothing_are_refused(path: str) -> None:
    """A path with an empty part is E_INVALIDARG."""
    with kit.authority(Listener()) as ca:
        for call in (ca.get_config, lambda p: ca.set_config(p, 1)):
            with refused(E_INVALIDARG):
                call(path)


@pytest.mark.parametrize("path", [None, 5, b"ca\\X"])
def test_a_path_that_is_no_text_is_refused(path: Any) -> None:
    """A path is text; anything else is E_INVALIDARG."""
    with kit.authority() as ca, refused(E_INVALIDARG):
        ca.get_config(path)


def test_exit_path_without_an_exit_module() -> None:
    r"""`exit\` is 0x80070002 on a CA without exit modules."""
    with kit.authority() as ca, refused(ERROR_FILE_NOT_FOUND):
        ca.get_config(r"exit\X")


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("ValidityPeriod", "Years"),
        ("ValidityPeriodUnits", 1),
        ("ClockSkewMinutes", 10),
        ("InterfaceFlags", 0x41),
        ("HighSerial", None),
        ("RoleSeparationEnabled", None),
        (
            "SubjectTemplate",
            [
                "EMail",
                "CommonName",
                "OrganizationalUnit",
                "Organization",
                "Locality",
                "State",
                "DomainComponent",
                "Country",
            ],
        ),
    ],
)
def test_documented_defaults(name: str, default: object) -> None:
    """A new CA holds the documented defaults, and nothing where absence is the default."""
    assert kit.authority().get_config(rf"ca\{name}") == default


def test_active_lists_name_the_modules() -> None:
    """ExitModules holds a list of ProgIDs in order, PolicyModules one ProgID."""
    with kit.authority(Listener(), Listener()) as ca:
        assert ca.get_config(r"ExitModules\Active") == ["Listener.Exit", "Listener2.Exit"]
        default = "CertificateAuthority_MicrosoftDefault.Policy"
        assert ca.get_config(r"PolicyModules\Active") == default


def test_a_change_counts_from_the_next_start() -> None:
    """What set_config changes while the CA runs is used once it has been started again."""

    def life() -> int:
        issued = ca.submit(kit.csr()).certificate
        assert issued is not None
        return (issued.not_valid_after_utc - issued.not_valid_before_utc).days

    ca = kit.authority()
    with ca:
        ca.set_config(r"ca\ValidityPeriod", "Days")
        ca.set_config(r"policy\RequestDisposition", 2)
        assert ca.get_config(r"ca\ValidityPeriod") == "Days"
        assert life() == 365
    with ca:
        assert ca.submit(kit.csr()).disposition == certsim.CRDisposition.DENIED
        ca.set_config(r"policy\RequestDisposition", 1)
    with ca:
        assert life() == 1


def test_a_module_reads_its_own_key() -> None:
    """`open_key` on ModuleRegistryLocation is a read-only mapping, names in any case."""
    found: dict[str, Any] = {}

    class Configured(Listener):
        def Initialize(self, strConfig: str, /) -> int:
            server = certsim.CCertServerExit()
            found["where"] = server.GetCertificateProperty("ModuleRegistryLocation", kit.STRING)
            key = open_key(found["where"])
            found["values"] = {name: key[name] for name in key}
            found["any case"] = key["EVENTfilter"]
            found["size"] = len(key)
            found["missing"] = key.get("Missing")
            found["can write"] = hasattr(key, "__setitem__")
            found["below"] = dict(open_key(rf"{found['where']}\SMTP"))
            found["opened"] = dict(key.open("SMTP"))
            return 0

    config = {r"exit\EventFilter": 0x21, r"exit\To": ["a", "b"], r"exit\SMTP\Port": 25}
    with kit.authority(Configured(), config=config):
        pass
    assert found == {
        "where": rf"{ROOT}\ExitModules\Configured.Exit",
        "values": {"EventFilter": 0x21, "To": ["a", "b"]},
        "any case": 0x21,
        "size": 2,
        "missing": None,
        "can write": False,
        "below": {"Port": 25},
        "opened": {"Port": 25},
    }


def test_a_key_without_values_is_an_empty_mapping() -> None:
    """A module that was never configured finds an empty key, as the SDK sample expects."""
    with kit.authority():
        assert dict(open_key(rf"{ROOT}\ExitModules\Nobody.Exit")) == {}


@pytest.mark.parametrize(
    "where", ["", "SOFTWARE", ROOT + "2", ROOT.replace("Lab CA", "Other"), ROOT.rpartition("\\")[0]]
)
def test_a_key_nobody_owns_is_not_found(where: str) -> None:
    """A path outside every running CA is 0x80070002; a longer CA name is another CA."""
    with kit.authority(), refused(ERROR_FILE_NOT_FOUND):
        open_key(where)


def test_keys_are_gone_once_the_ca_has_stopped() -> None:
    """A stopped CA's keys are not found by path, and come back with the next start."""
    ca = kit.authority()
    for _ in range(2):
        with ca:
            open_key(ROOT)
        with refused(ERROR_FILE_NOT_FOUND):
            open_key(ROOT)


def test_two_cas_of_one_name_read_their_own_keys_while_they_initialise() -> None:
    """Where two CAs share a name, each one's modules see its own configuration."""
    told: list[int] = []

    class Configured(Listener):
        def Initialize(self, strConfig: str, /) -> int:
            server = certsim.CCertServerExit()
            where = server.GetCertificateProperty("ModuleRegistryLocation", kit.STRING)
            told.append(open_key(where)["Number"])  # type: ignore[arg-type]
            return 0

    first = kit.authority(Configured(), config={r"exit\Number": 1})
    second = kit.authority(Configured(), config={r"exit\Number": 2})
    with first, second:
        pass
    with second, first:
        pass
    assert told == [1, 2, 2, 1]
