"""ModuleRegistryLocation: the key of the module that is being called, or of the one that asks.

Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty; docs/rulings.md
(Properties).
"""

from __future__ import annotations

from typing import Any

import pytest

import certsim
from tests.engine import values_kit as kit
from tests.engine.property_kit import EMPTY

ROOT = r"SYSTEM\CurrentControlSet\Services\CertSvc\Configuration\Lab CA"


def location(server: Any) -> object:
    """Return what an object says at ModuleRegistryLocation."""
    return kit.attempt(server.GetCertificateProperty, "ModuleRegistryLocation", kit.STRING)


class Locator:
    """Ask for the own registry key in every call; subclasses differ by name alone."""

    made: dict[str, Any]

    def __init__(self) -> None:
        self.told = [location(certsim.CCertServerExit())]
        type(self).made[type(self).__name__] = self

    def Initialize(self, strConfig: str, /) -> int:
        self.server = certsim.CCertServerExit()
        self.told.append(location(self.server))
        return 0x3F

    def Notify(self, ExitEvent: int, Context: int, /) -> None:
        self.told.append(location(self.server))
        for other in type(self).made.values():
            self.told.append(location(other.server))

    def GetDescription(self) -> str:
        return "Asks"


@pytest.fixture
def locators() -> tuple[type, type]:
    """Return two classes of modules that share a book of their instances."""
    book: dict[str, Any] = {}
    return type("Alpha", (Locator,), {"made": book}), type("Beta", (Locator,), {"made": book})


def own_key(kind: type) -> str:
    """Return the registry path of the module that *kind* makes."""
    return rf"{ROOT}\ExitModules\{kind.__name__}.Exit"


def test_module_registry_location_is_that_of_the_module_being_called(
    locators: tuple[type, type],
) -> None:
    """While it is made, initialised and notified a module's objects name its own key."""
    alpha, beta = locators
    with kit.authority(alpha, beta) as ca:
        ca.submit(kit.csr())
    for kind in locators:
        made = alpha.made[kind.__name__]  # type: ignore[attr-defined]
        assert set(made.told) == {own_key(kind)}


def test_module_registry_location_outside_calls_is_that_of_the_maker(
    locators: tuple[type, type],
) -> None:
    """Outside every call an object keeps to the module during whose call it was made."""
    alpha, beta = locators
    with kit.authority(alpha, beta) as ca:
        ca.submit(kit.csr())
        for kind in locators:
            made = alpha.made[kind.__name__]  # type: ignore[attr-defined]
            assert location(made.server) == own_key(kind)
        assert location(certsim.CCertServerExit(ca)) == EMPTY


def test_policy_module_finds_its_key_below_policymodules() -> None:
    """The policy module's key is below PolicyModules."""
    found = kit.in_policy(location)
    assert found == rf"{ROOT}\PolicyModules\FunctionPolicy.Policy"


def test_dispatch_makes_the_same_classes_by_progid_and_class_id() -> None:
    """Both server objects are made by ProgID, in any case, and by CLSID."""
    ids = kit.facts()["interfaces"]
    for interface, kind in (
        ("ICertServerExit", certsim.CCertServerExit),
        ("ICertServerPolicy", certsim.CCertServerPolicy),
    ):
        progid, clsid = ids[interface]["progid"], ids[interface]["clsid"]
        for word in (progid, progid.upper(), f"{{{clsid}}}"):
            assert type(certsim.Dispatch(word)) is kind
