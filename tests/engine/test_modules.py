"""Plugging in: every form a module may come in, every way it can fail to fit, and its mask."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certsim import (
    CCertServerExit,
    CCertServerPolicy,
    CertificationAuthority,
    ComError,
    CRDisposition,
    ExitEvent,
    ModuleLoadError,
    PropType,
)
from certsim._engine.journal import Loading
from tests.engine import engine_kit as kit
from tests.requests_kit import make_csr

HEARD: list[int] = []
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


class Deaf:
    """Be the smallest exit module there is."""

    def Initialize(self, strConfig: str) -> int:
        """Ask for issued certificates."""
        return kit.ISSUED

    def Notify(self, event: int, context: int) -> None:
        """Note the event for all objects alike."""
        HEARD.append(event)

    def GetDescription(self) -> str:
        """Return what it is."""
        return "Deaf"


class Counted(Deaf):
    """Count how often it was made."""

    made = 0

    def __init__(self) -> None:
        """Count."""
        type(self).made += 1


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
    Counted.made = 0


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
    (Named(), "Contoso.Mail.Exit"),
    (Late, "Late.Exit"),
    (Late(), "Late.Exit"),
    (Slotted(), "Slotted.Exit"),
    (factory, "factory.Exit"),
    (lambda: Deaf(), "lambda.Exit"),  # noqa: PLW0108  (a lambda is the form under test)
    (functools.partial(Deaf), "partial.Exit"),
]


@pytest.mark.parametrize(("spec", "progid"), FORMS, ids=lambda value: str(value)[:30])
def test_a_module_comes_as_an_object_or_as_what_makes_one(spec: object, progid: str) -> None:
    """Instance, class, function, lambda and partial are all heard, each under its ProgID."""
    with CertificationAuthority(exit_modules=[spec]) as ca:
        assert ca.exit_modules == (progid,)
        ca.submit(make_csr())
    assert HEARD == [kit.ISSUED]


@pytest.mark.parametrize("name", ["Filed", "build", "ready"])
def test_a_module_comes_as_the_name_of_something_importable(package: str, name: str) -> None:
    """`package.module:Name` names a class, a factory or an instance."""
    with CertificationAuthority(exit_modules=[f"{package}:{name}"]) as ca:
        ca.submit(make_csr())
    assert sys.modules[package].Filed.heard == [kit.ISSUED, kit.SHUTDOWN]


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


_RAW = pytest.mark.xfail(
    strict=True, reason="modules.find and _load_package put names into messages unescaped"
)


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
        pytest.param("bad\nname\x1b[2J:Mail", "no Python module", marks=_RAW),
        pytest.param("corporate_exits.mail:Ma\x1b[2Jil", "defines no", marks=_RAW),
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
            return kit.ISSUED

    with CertificationAuthority(exit_modules=[Loose()]) as ca:
        ca.submit(make_csr())
    assert HEARD == [kit.ISSUED]


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
    assert HEARD == [kit.ISSUED] * 5


@pytest.mark.xfail(
    strict=True, reason="modules._free compares ProgIDs by case, but the registry does not"
)
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
    assert kept.log == [("Kept", kit.SHUTDOWN)] * 2


def test_initialize_gets_the_sanitized_name_of_the_ca() -> None:
    """What is not plain in the CA's name arrives escaped, four hexadecimal digits each."""
    got: list[str] = []

    class Curious(Deaf):
        def Initialize(self, strConfig: str) -> int:
            got.append(strConfig)
            return 0

    class CuriousPolicy(kit.ScriptedPolicy):
        def Initialize(self, strConfig: str) -> None:
            got.append(strConfig)

    name = "Contoso: Root & Söhne"
    with CertificationAuthority(name, exit_modules=[Curious], policy_module=CuriousPolicy()):
        pass
    assert got == ["Contoso!003a Root !0026 S!00f6hne"] * 2


def test_modules_find_their_registry_key_while_they_are_made_and_initialised() -> None:
    """ModuleRegistryLocation is the module's own key at either moment."""
    found: list[object] = []

    def look() -> None:
        server = CCertServerExit()
        found.append(server.GetCertificateProperty("ModuleRegistryLocation", PropType.STRING))

    class Curious(Deaf):
        def __init__(self) -> None:
            look()

        def Initialize(self, strConfig: str) -> int:
            look()
            return 0

    with CertificationAuthority("Test CA", exit_modules=[Curious]):
        pass
    assert len(found) == 2
    for location in found:
        assert str(location).endswith(r"\Configuration\Test CA\ExitModules\Curious.Exit")


@pytest.mark.parametrize(
    "mask",
    [0, 1, 0x3FF, 0x100, ExitEvent.CERTISSUED | ExitEvent.CERTREVOKED, ExitEvent.INVALID],
)
def test_every_mask_within_the_ten_bits_is_taken(mask: int) -> None:
    """0, all ten bits and IntFlags are masks; the journal tells which was taken."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(kit.Listener("A", log, mask)) as ca:
        ca.submit(make_csr())
    assert ca.event_log == ()
    (loading,) = [e for e in ca.journal if isinstance(e, Loading) and e.module == "A.Exit"]
    assert loading.mask == int(mask)
    assert len(log) == bool(mask & kit.ISSUED) + bool(mask & kit.SHUTDOWN)


@pytest.mark.parametrize("answer", [None, "1", True, False, -1, 0x400, 0x7FFFFFFF, 1.0, [1], b"1"])
def test_an_answer_that_is_no_mask_keeps_the_module_out(answer: object) -> None:
    """Event 46 with E_INVALIDARG for `Initialize`; the CA runs, the others hear."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(kit.Listener("Bad", log, answer), kit.Listener("Good", log, 1)) as ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED
    assert log == [("Good", kit.ISSUED)]
    (entry,) = ca.event_log
    assert (entry.event_id, entry.method) == (46, "Initialize")
    assert (entry.module, entry.hresult) == ("Listener Bad", kit.signed(kit.E_INVALIDARG))


@pytest.mark.parametrize(
    ("error", "event_id", "code"),
    [
        (ComError(0x80070005), 46, 0x80070005),
        (ValueError("no mail server"), 45, kit.E_FAIL),
        (SystemExit(1), 45, kit.E_FAIL),
    ],
)
def test_an_exit_module_whose_initialize_raises_stays_out(
    error: BaseException, event_id: int, code: int
) -> None:
    """The failure is logged, the CA starts, and at the next start the module gets its chance."""
    failing = [error]

    class Moody(Deaf):
        def Initialize(self, strConfig: str) -> int:
            if failing:
                raise failing.pop()
            return kit.ISSUED

    ca = CertificationAuthority(exit_modules=[Moody])
    with ca:
        ca.submit(make_csr())
    assert HEARD == []
    (entry,) = ca.event_log
    assert (entry.event_id, entry.method) == (event_id, "Initialize")
    assert entry.hresult == kit.signed(code)
    with ca:
        ca.submit(make_csr())
    assert HEARD == [kit.ISSUED]


def test_a_keyboard_interrupt_while_starting_leaves_the_ca_stopped() -> None:
    """Ctrl-C in an `Initialize` gets out; the CA is stopped and can be started again."""
    interrupts = [KeyboardInterrupt()]

    class Slow(Deaf):
        def Initialize(self, strConfig: str) -> int:
            if interrupts:
                raise interrupts.pop()
            return kit.ISSUED

    ca = CertificationAuthority(exit_modules=[Slow])
    with pytest.raises(KeyboardInterrupt):
        ca.start()
    assert not ca.running
    with ca:
        ca.submit(make_csr())
    assert HEARD == [kit.ISSUED]


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
    assert HEARD == [kit.ISSUED]


def test_removing_counts_from_the_next_start() -> None:
    """A module removed from a running CA hears on until the service stops."""
    with CertificationAuthority(exit_modules=[Deaf, Named]) as ca:
        ca.remove_exit_module("Deaf.Exit")
        assert ca.exit_modules == ("Contoso.Mail.Exit",)
        ca.submit(make_csr())
        assert HEARD == [kit.ISSUED] * 2
        ca.stop()
        ca.start()
        ca.submit(make_csr())
    assert HEARD == [kit.ISSUED] * 3


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
    assert HEARD == [kit.ISSUED]
    (entry,) = ca.event_log
    assert (entry.event_id, entry.hresult) == (46, kit.signed(0x800401F3))
    assert "Ghost.Exit" in str(entry)


class Unhelpful(kit.ScriptedPolicy):
    """Be a policy module with something missing or broken, as each test sets it."""


@pytest.mark.parametrize("member", ["Initialize", "VerifyRequest", "GetDescription", "ShutDown"])
def test_a_policy_object_without_a_member_is_refused(member: str) -> None:
    """The message says policy module and names the member."""

    class Bare:
        pass

    for name in {"Initialize", "VerifyRequest", "GetDescription", "ShutDown"} - {member}:
        setattr(Bare, name, getattr(kit.ScriptedPolicy, name))
    with pytest.raises(ModuleLoadError, match=rf"policy module Bare has no {member}"):
        CertificationAuthority(policy_module=Bare())


@pytest.mark.parametrize(
    ("error", "event_id"),
    [(ComError(0x80070005, "no directory"), 44), (ValueError("x"), 43), (SystemExit(1), 43)],
)
def test_a_policy_module_whose_initialize_raises_keeps_the_ca_from_starting(
    error: BaseException, event_id: int
) -> None:
    """ModuleLoadError, event 44 (43), nothing runs, and a later start may succeed."""
    failing = [error]

    class Moody(kit.ScriptedPolicy):
        def Initialize(self, strConfig: str) -> None:
            if failing:
                raise failing.pop()

    log: list[tuple[object, ...]] = []
    ca = kit.make_ca(kit.Listener("A", log), policy=Moody())
    with pytest.raises(ModuleLoadError, match="Scripted policy"):
        ca.start()
    assert not ca.running
    assert [(e.event_id, e.method) for e in ca.event_log] == [(event_id, "Initialize")]
    assert log == []
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED


@pytest.mark.parametrize("error", [ValueError("no licence"), ComError(0x80070005, "no licence")])
def test_a_policy_module_that_cannot_be_made_is_event_nine(error: Exception) -> None:
    """The CA does not start; the event log names the module and why."""

    def make() -> object:
        raise error

    ca = CertificationAuthority(policy_module=make)
    with pytest.raises(ModuleLoadError, match="no licence"):
        ca.start()
    assert not ca.running
    (entry,) = ca.event_log
    assert entry.event_id == 9
    assert "no licence" in entry.text


def test_a_function_of_two_arguments_is_a_policy_module() -> None:
    """`(server, context) -> verdict` is asked for new requests, with an aimed server object."""
    asked: list[object] = []

    def decide(server: CCertServerPolicy, _context: int) -> int:
        asked.append(server.GetRequestProperty("RequestID", PropType.LONG))
        return kit.PEND

    with CertificationAuthority(policy_module=decide) as ca:
        pending = ca.submit(make_csr())
        issued = ca.resubmit(1)
    assert asked == [1]
    assert pending.disposition == CRDisposition.UNDER_SUBMISSION
    assert issued.disposition == CRDisposition.ISSUED


@pytest.mark.parametrize("answer", [ValueError("x"), SystemExit(1), 5, None, ""])
def test_a_description_that_cannot_be_had_falls_back_to_the_progid(answer: object) -> None:
    """The event log then tells the ProgID."""

    class Mute(Deaf):
        def Notify(self, event: int, context: int) -> None:
            raise ComError(0x80070005)

        def GetDescription(self) -> str:
            if isinstance(answer, BaseException):
                raise answer
            return answer  # type: ignore[return-value]

    with CertificationAuthority(exit_modules=[Mute]) as ca:
        ca.submit(make_csr())
    assert [entry.module for entry in ca.event_log] == ["Mute.Exit"]


def test_an_exit_module_that_stops_the_ca_in_initialize_stops_nothing() -> None:
    """While the CA is starting, neither `start` nor `stop` of a module does anything."""

    class Meddler(Deaf):
        def Initialize(self, strConfig: str) -> int:
            ca.stop()
            ca.start()
            return kit.ISSUED

    ca = CertificationAuthority(exit_modules=[Meddler])
    with ca:
        assert ca.running
        ca.submit(make_csr())
    assert HEARD == [kit.ISSUED]
    assert ca.event_log == ()
