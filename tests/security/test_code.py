"""Code is loaded when an operator names it, and by nothing else that has the form of a name.

A file that leaves a mark when it is loaded lies where each name points. Every name is tried in
all the places that a client or a piece of configuration can reach, and at last in the one that is
meant for it.
Source: win32 SecCrypto (exit modules run in the CA's process); docs/security.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from certsim import CertificationAuthority, ComError, Dispatch, Sources
from tests.codes import CO_E_CLASSSTRING, signed
from tests.requests_kit import make_csr

_MARKED = """
from pathlib import Path
Path(__file__).with_suffix(".loaded").touch()

class Mine:
    _reg_progid_ = "Planted.Exit"
    def Initialize(self, config): return 0
    def Notify(self, event, context): pass
    def GetDescription(self): return "planted"
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    """Return the name of a module that leaves a mark beside its file."""
    path = tmp_path / "planted.py"
    path.write_text(_MARKED, encoding="utf-8")
    return f"{path}:Mine"


def loaded(tmp_path: Path) -> bool:
    """Tell whether the module has left its mark."""
    return (tmp_path / "planted.loaded").exists()


def names(spec: str) -> tuple[str, ...]:
    """Return all that could be taken for a name of the module."""
    return spec, "planted:Mine", "planted.Mine", "Planted.Exit", "planted"


def test_nothing_that_a_client_sends_is_loaded(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attributes, templates, requesters and officers are words, even if they name a module."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with CertificationAuthority("Test CA", sources=Sources.seeded(1)) as ca:
        for name in names(spec):
            attributes = "\n".join(
                f"{word}:{name}" for word in ("CertFile", "CertificateTemplate", "Module", "SAN")
            )
            ca.submit(make_csr(), attributes=attributes, requester=name)
            ca.submit(name, requester=name)
    assert not loaded(tmp_path)


def test_the_list_of_active_modules_loads_nothing(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Active` holds ProgIDs of what was installed; any other name in it is logged, not loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    ca = CertificationAuthority("Test CA", sources=Sources.seeded(1))
    with ca:
        ca.set_config(r"ExitModules\Active", list(names(spec)))
        ca.set_config(r"PolicyModules\Active", spec)
    with ca:
        assert ca.submit(make_csr()).certificate is not None
    assert {entry.hresult for entry in ca.event_log} == {signed(CO_E_CLASSSTRING)}
    assert not loaded(tmp_path)


def test_reading_a_configuration_loads_nothing(spec: str, tmp_path: Path) -> None:
    """Whoever looks at a stopped CA runs no code of its modules."""
    with CertificationAuthority("Test CA", sources=Sources.seeded(1)) as ca:
        ca.set_config(r"ExitModules\Active", [spec])
    assert ca.exit_modules == (spec,)
    assert ca.get_config(r"ExitModules\Active") == [spec]
    assert (list(ca.view()), ca.event_log) == ([], ())
    assert not loaded(tmp_path)


def test_what_an_operator_names_is_loaded(spec: str, tmp_path: Path) -> None:
    """The mark shows: the same name, given where modules are named, loads the file."""
    with CertificationAuthority("Test CA", exit_modules=[spec], sources=Sources.seeded(1)) as ca:
        assert ca.exit_modules == ("Planted.Exit",)
    assert loaded(tmp_path)


def test_dispatch_knows_only_what_was_registered(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ProgID is looked up in a table and is never a way to import."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in (*names(spec), "os", "builtins.eval"):
        with pytest.raises(ComError) as caught:
            Dispatch(name)
        assert caught.value.hresult == signed(CO_E_CLASSSTRING)
    assert not loaded(tmp_path)
    assert "planted" not in sys.modules
