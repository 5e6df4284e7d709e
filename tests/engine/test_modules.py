"""Plugging in: every form a module may come in, and every way it can fail to fit."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certsim import CertificationAuthority, CRDisposition, ModuleLoadError
from certsim._engine.journal import Loading
from tests.codes import ON_ISSUED, ON_SHUTDOWN
from tests.engine import engine_kit as kit
from tests.engine.engine_kit import HEARD, Deaf
from tests.requests_kit import make_csr

SOURCE = """
class Filed:
    heard = []
    def Initialize(self, strConfig): return 0x41
    def Notify(self, event, context): self.heard.append(event)
    def GetDescription(self): return "From a file"

def build(): return Filed()
ready = Filed()
not_a_module = 5
"""


class Named(Deaf):
    """Bring a ProgID along."""

    _reg_progid_ = "Contoso.Mail.Exit"


class Late:
    """Get its members when it is made."""

    def __init__(self) -> None:
        """Set them."""
        deaf = Deaf()
        self.Initialize, self.Notify = deaf.Initialize, deaf.Notify
        self.GetDescription = deaf.GetDescription


class Slotted(Deaf):
    """Have no room for attributes."""

    __slots__ = ()


def factory() -> Deaf:
    """Return a module."""
    return Deaf()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    HEARD.clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the dotted name of an importable package's module that holds `Filed`."""
    folder = tmp_path / "corporate_exits"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "mail.py").write_text(SOURCE, encoding="utf-8")
    (folder / "broken.py").write_text("raise RuntimeError('no licence')", encoding="utf-8")
    (folder / "leaving.py").write_text("raise SystemExit(4)", encoding="utf-8")
    (folder / "asking.py").write_text("import no_such_library", encoding="utf-8")
    (folder / "misspelt.py").write_text("def f(:", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "corporate_exits.mail"
    for name in [name for name in sys.modules if name.startswith("corporate_exits")]:
        del sys.modules[name]


FORMS: list[tuple[object, str]] = [
    (Deaf(), "Deaf.Exit"),
    (Deaf, "Deaf.Exit"),
    (Named, "Contoso.Mail.Exit"),
    (Late, "Late.Exit"),
    (Late(), "Late.Exit"),
    (Slotted(), "Slotted.Exit"),
    (factory, "factory.Exit"),
    (lambda: Deaf(), "lambda.Exit"),  # noqa: PLW0108  (a lambda is the form under test)
    (functools.partial(Deaf), "partial.Exit"),
]


@pytest.mark.parametrize(("spec", "progid"), FORMS, ids=range(len(FORMS)))
def test_a_module_comes_as_an_object_or_as_what_makes_one(spec: object, progid: str) -> None:
    """Instance, class, function, lambda and partial are all heard, each under its ProgID."""
    with CertificationAuthority(exit_modules=[spec]) as ca:
        assert ca.exit_modules == (progid,)
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED]


@pytest.mark.parametrize("name", ["Filed", "build", "ready"])
def test_a_module_comes_as_the_name_of_something_importable(package: str, name: str) -> None:
    """`package.module:Name` names a class, a factory or an instance."""
    with CertificationAuthority(exit_modules=[f"{package}:{name}"]) as ca:
        ca.submit(make_csr())
    assert sys.modules[package].Filed.heard == [ON_ISSUED, ON_SHUTDOWN]


@pytest.mark.parametrize("relative", [False, True])
def test_a_module_comes_as_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, relative: bool
) -> None:
    """`path/to/file.py:Name` is loaded from where it lies, by a full or a relative path."""
    file = tmp_path / "mailer.py"
    file.write_text(SOURCE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    spec = "mailer.py:Filed" if relative else f"{file}:Filed"
    with CertificationAuthority(exit_modules=[spec]) as ca:
        assert ca.exit_modules == ("Filed.Exit",)
        ca.submit(make_csr())
    loading = [entry for entry in ca.journal if isinstance(entry, Loading)]
    assert loading[-1].mask == 0x41


def test_a_path_with_a_drive_letter_is_split_at_its_last_colon() -> None:
    r"""`C:\exits\mail.py:Mail` asks for a file, not for a Python module called C."""
    with pytest.raises(ModuleLoadError, match="there is no file"):
        CertificationAuthority(exit_modules=[r"C:\exits\mail.py:Mail"])


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("mail", "package.module:Name"),
        (":Mail", "package.module:Name"),
        ("mail:", "package.module:Name"),
        ("", "package.module:Name"),
        ("no_such_package.mail:Mail", "no Python module no_such_package"),
        ("corporate_exits.none:Mail", "no Python module corporate_exits.none"),
        ("corporate_exits.mail:Mail", "defines no Mail"),
        ("corporate_exits.mail:not_a_module", "has no Initialize"),
        ("corporate_exits.broken:Mail", "no licence"),
        ("corporate_exits.leaving:Mail", "importing it failed"),
        ("corporate_exits.asking:Mail", "no_such_library"),
        ("corporate_exits.misspelt:Mail", "importing it failed"),
        ("nowhere/mail.py:Mail", "there is no file"),
        ("bad\nname\x1b[2J:Mail", "no Python module"),
        ("corporate_exits.mail:Ma\x1b[2Jil", "defines no"),
    ],
)
@pytest.mark.usefixtures("package")
def test_a_text_that_names_no_module_is_refused(spec: str, words: str) -> None:
    """The message is one line, shows the text, and says what is wrong."""
    with pytest.raises(ModuleLoadError) as caught:
        CertificationAuthority(exit_modules=[spec])
    message = str(caught.value)
    assert words in message
    assert message.startswith("exit module ")
    assert message.isprintable()


class NoNotify:
    """Lack a member."""

    def Initialize(self, strConfig: str) -> int:
        """Ask for nothing."""
        return 0

    def GetDescription(self) -> str:
        """Return what it is."""
        return "No Notify"


class NarrowNotify(Deaf):
    """Take too few arguments."""

    def Notify(self, event: int) -> None:  # type: ignore[override]
        """Never be called."""


class WideInitialize(Deaf):
    """Want too many arguments."""

    def Initialize(self, strConfig: str, more: str) -> int:  # type: ignore[override]
        """Never be called."""
        return 0


class KeywordNotify(Deaf):
    """Want arguments by name."""

    def Notify(self, *, event: int, context: int) -> None:  # type: ignore[override]
        """Never be called."""


class ValueNotify(Deaf):
    """Have a value where a method belongs."""

    Notify = 5  # type: ignore[assignment]


class TalkativeDescription(Deaf):
    """Want an argument for its description."""

    def GetDescription(self, language: str) -> str:  # type: ignore[override]
        """Never be called."""
        return language


MISFITS: list[tuple[Callable[[], object], str]] = [
    (NoNotify, "Notify"),
    (NarrowNotify, "Notify"),
    (KeywordNotify, "Notify"),
    (ValueNotify, "Notify"),
    (WideInitialize, "Initialize"),
    (TalkativeDescription, "GetDescription"),
]


@pytest.mark.parametrize(("kind", "member"), MISFITS)
def test_an_object_that_does_not_fit_is_refused_at_once(
    kind: Callable[[], object], member: str
) -> None:
    """The message names the module's class and the member."""
    name = kind().__class__.__name__
    with pytest.raises(ModuleLoadError, match=rf"{name}\b.*\b{member}\b"):
        CertificationAuthority(exit_modules=[kind()])


@pytest.mark.parametrize(("kind", "member"), MISFITS)
def test_a_class_that_does_not_fit_is_refused_at_start(
    kind: Callable[[], object], member: str
) -> None:
    """A class can only be judged by its object, so `start` refuses and the CA stays stopped."""
    ca = CertificationAuthority(exit_modules=[kind])
    with pytest.raises(ModuleLoadError, match=rf"\b{member}\b"):
        ca.start()
    assert not ca.running


@pytest.mark.parametrize("spec", [None, 5, object(), b"Deaf", [Deaf]])
def test_what_is_no_module_at_all_is_refused(spec: object) -> None:
    """Values that can be neither called nor notified are told so."""
    with pytest.raises(ModuleLoadError, match="Initialize"):
        CertificationAuthority(exit_modules=[spec])


@pytest.mark.parametrize("error", [ValueError("no mail server"), SystemExit(2)])
def test_a_class_that_cannot_be_made_is_refused_at_start(error: BaseException) -> None:
    """The message names what could not be made; the CA stays stopped and can start later."""
    ca = CertificationAuthority(exit_modules=[kit.raising(error)])
    with pytest.raises(ModuleLoadError, match=r"fail\b.*making it failed"):
        ca.start()
    assert not ca.running
    ca.remove_exit_module("fail.Exit")
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED


def test_a_star_signature_and_default_arguments_fit() -> None:
    """What can be called with the arguments of the socket is taken."""

    class Loose(Deaf):
        def Notify(self, *arguments: int) -> None:
            HEARD.extend(arguments[:1])

        def Initialize(self, strConfig: str = "", more: int = 0) -> int:
            return ON_ISSUED

    with CertificationAuthority(exit_modules=[Loose()]) as ca:
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED]
