"""Starting exit modules: what `Initialize` is given, what it may answer, and what if it fails."""

from __future__ import annotations

import pytest

from certsim import (
    CCertServerExit,
    CertificationAuthority,
    ComError,
    CRDisposition,
    ExitEvent,
    PropType,
)
from certsim._engine.journal import Loading
from tests.codes import E_FAIL, E_INVALIDARG, ON_ISSUED, ON_SHUTDOWN, signed
from tests.engine import engine_kit as kit
from tests.engine.engine_kit import HEARD, Deaf
from tests.requests_kit import make_csr


@pytest.fixture(autouse=True)
def _fresh() -> None:
    HEARD.clear()


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
    assert len(log) == bool(mask & ON_ISSUED) + bool(mask & ON_SHUTDOWN)


@pytest.mark.parametrize("answer", [None, "1", True, False, -1, 0x400, 0x7FFFFFFF, 1.0, [1], b"1"])
def test_an_answer_that_is_no_mask_keeps_the_module_out(answer: object) -> None:
    """Event 46 with E_INVALIDARG for `Initialize`; the CA runs, the others hear."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(kit.Listener("Bad", log, answer), kit.Listener("Good", log, 1)) as ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED
    assert log == [("Good", ON_ISSUED)]
    (entry,) = ca.event_log
    assert (entry.event_id, entry.method) == (46, "Initialize")
    assert (entry.module, entry.hresult) == ("Listener Bad", signed(E_INVALIDARG))


@pytest.mark.parametrize(
    ("error", "event_id", "code"),
    [
        (ComError(0x80070005), 46, 0x80070005),
        (ValueError("no mail server"), 45, E_FAIL),
        (SystemExit(1), 45, E_FAIL),
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
            return ON_ISSUED

    ca = CertificationAuthority(exit_modules=[Moody])
    with ca:
        ca.submit(make_csr())
    assert HEARD == []
    (entry,) = ca.event_log
    assert (entry.event_id, entry.method) == (event_id, "Initialize")
    assert entry.hresult == signed(code)
    with ca:
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED]


def test_a_keyboard_interrupt_while_starting_leaves_the_ca_stopped() -> None:
    """Ctrl-C in an `Initialize` gets out; the CA is stopped and can be started again."""
    interrupts = [KeyboardInterrupt()]

    class Slow(Deaf):
        def Initialize(self, strConfig: str) -> int:
            if interrupts:
                raise interrupts.pop()
            return ON_ISSUED

    ca = CertificationAuthority(exit_modules=[Slow])
    with pytest.raises(KeyboardInterrupt):
        ca.start()
    assert not ca.running
    with ca:
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED]


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
            return ON_ISSUED

    ca = CertificationAuthority(exit_modules=[Meddler])
    with ca:
        assert ca.running
        ca.submit(make_csr())
    assert HEARD == [ON_ISSUED]
    assert ca.event_log == ()
