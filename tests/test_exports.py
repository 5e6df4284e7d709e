"""The front door: which names it exports, where they live, and what importing it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module

import pytest

import certsim
from tests.house_kit import PACKAGE, house, is_inside

PROMISED = {
    *("CertificationAuthority", "Outcome", "Fidelity", "Sources", "__version__"),
    *("PublishedCRL", "Security", "CAAccess"),
    *("ExitEvent", "PropType", "RevocationReason", "CAType", "Verdict"),
    *("RowDisposition", "CRDisposition", "CADisposition"),
    *("ComError", "com_error", "CertSimError", "ModuleLoadError"),
    *("Dispatch", "CCertServerExit", "CCertServerPolicy"),
    *("ICertExit", "ICertExit2", "ICertPolicy", "ICertPolicy2", "ICertManageModule"),
    *("ICertServerExit", "ICertServerPolicy"),
}
"""The public names that a module, a test or a lesson may count on."""


# The front door.


def homes() -> dict[str, str]:
    """Return where the type checker is told that each public name lives."""
    front = next(module for module in house() if module.path == "__init__.py")
    told = next(node for node in front.tree.body if isinstance(node, ast.If))
    assert ast.unparse(told.test) == "TYPE_CHECKING"
    return {
        alias.name: str(node.module)
        for node in told.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_the_promised_names_are_exported() -> None:
    """What the documents say one can write `certsim.` before is there."""
    assert set(certsim.__all__) >= PROMISED


def test_type_checkers_and_all_name_the_same() -> None:
    """The names that type checkers see are those of `__all__`, each once and in order."""
    assert {*homes(), "__version__"} == set(certsim.__all__)
    assert certsim.__all__ == sorted(set(certsim.__all__))
    assert dir(certsim) == sorted(certsim.__all__)


@pytest.mark.parametrize("name", sorted(set(certsim.__all__) - {"__version__"}))
def test_a_lazy_name_is_the_one_from_its_home(name: str) -> None:
    """A name taken at the front door is the very object that lives where type checkers are told."""
    assert getattr(certsim, name) is getattr(import_module(homes()[name]), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy door opens for public names only."""
    with pytest.raises(AttributeError, match="NoSuchName"):
        certsim.NoSuchName  # noqa: B018


def test_importing_certsim_loads_next_to_nothing() -> None:
    """A process that imports certsim and uses nothing loads neither engine nor cryptography."""
    script = "import sys, certsim; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    ours = {name for name in loaded if is_inside(name, "certsim")}
    assert ours == {"certsim", "certsim._version"}
    assert not {"cryptography", "attr", "attrs"} & loaded
