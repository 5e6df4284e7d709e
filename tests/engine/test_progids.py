"""Names and places of modules: ProgIDs, installing, removing, what lives from start to start."""

from __future__ import annotations

import re

import pytest

from certsim import CertificationAuthority, ModuleLoadError
from tests.codes import ON_ISSUED, ON_SHUTDOWN, signed
from tests.engine import engine_kit as kit
from tests.engine.engine_kit import HEARD, Deaf
from tests.requests_kit import make_csr


class Counted(Deaf):
    """Count how often it was made."""

    made = 0

    def __init__(self) -> None:
        """Count."""
        type(self).made += 1


class Named(Deaf):
    """Bring a ProgID along."""

    _reg_progid_ = "Contoso.Mail.Exit"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    HEARD.clear()
    Counted.made = 0


def test_progids_that_repeat_get_a_number() -> None:
    """Deaf.Exit, Deaf2.Exit, Deaf3.Exit; a ProgID that was brought along is numbered likewise."""
    ca = CertificationAuthority(exit_modules=[Deaf, Deaf(), Deaf, Named, Named])
    assert ca.exit_modules == (
        "Deaf.Exit",
        "Deaf2.Exit",
        "Deaf3.Exit",
        "Contoso.Mail.Exit",
        "Contoso.Mail2.Exit",
    )
    with ca:
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED] * 5


def test_progids_that_differ_in_case_alone_get_a_number() -> None:
    """Registry keys ignore case, so Deaf.Exit and DEAF.Exit would share one key."""
    loud = type("DEAF", (Deaf,), {})
    ca = CertificationAuthority(exit_modules=[Deaf, loud])
    assert len({progid.lower() for progid in ca.exit_modules}) == 2


@pytest.mark.parametrize("progid", ["Mail", "Mail.Policy", "", 5, "A\\B.Exit", "A\nB.Exit"])
def test_a_progid_that_cannot_be_is_refused(progid: object) -> None:
    """A ProgID ends in `.Exit` and leads to a registry key of its own."""
    kind = type("Odd", (Deaf,), {"_reg_progid_": progid})
    with pytest.raises(ModuleLoadError, match="Odd"):
        CertificationAuthority(exit_modules=[kind])


def test_a_class_is_made_at_each_start_and_an_instance_is_kept() -> None:
    """Two starts make two objects of a class, but initialise one and the same instance twice."""
    kept = kit.Listener("Kept", [])
    ca = CertificationAuthority(exit_modules=[Counted, kept])
    assert Counted.made == 0
    for _ in range(2):
        with ca:
            pass
    assert Counted.made == 2
    assert kept.log == [("Kept", ON_SHUTDOWN)] * 2


def test_installing_counts_from_the_next_start() -> None:
    """A module installed in a running CA is active at once and called from the next start on."""
    with CertificationAuthority() as ca:
        assert ca.install_exit_module(Deaf) == "Deaf.Exit"
        assert ca.exit_modules == ("Deaf.Exit",)
        ca.submit(make_csr())
        assert HEARD == []
        ca.stop()
        ca.start()
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED]


def test_removing_counts_from_the_next_start() -> None:
    """A module removed from a running CA hears on until the service stops."""
    with CertificationAuthority(exit_modules=[Deaf, Named]) as ca:
        ca.remove_exit_module("Deaf.Exit")
        assert ca.exit_modules == ("Contoso.Mail.Exit",)
        ca.submit(make_csr())
        assert HEARD == [ON_ISSUED] * 2
        ca.stop()
        ca.start()
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED] * 3


def test_removing_a_module_that_is_not_active_is_refused() -> None:
    """The message names the ProgID asked for and those there are."""
    ca = CertificationAuthority(exit_modules=[Deaf])
    with pytest.raises(
        ModuleLoadError, match=re.escape("'Mail.Exit' is active; active: Deaf.Exit")
    ):
        ca.remove_exit_module("Mail.Exit")
    assert ca.exit_modules == ("Deaf.Exit",)


def test_a_name_in_active_without_a_module_is_logged_and_passed_over() -> None:
    """A registry value that names what nobody installed does not keep the CA from starting."""
    ca = CertificationAuthority(exit_modules=[Deaf])
    ca.set_config(r"ExitModules\Active", ["Ghost.Exit", "Deaf.Exit"])
    with ca:
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED]
    (entry,) = ca.event_log
    assert (entry.event_id, entry.hresult) == (46, signed(0x800401F3))
    assert "Ghost.Exit" in str(entry)
