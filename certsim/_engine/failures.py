"""When a module fails: which code it failed with, and the event log entry that tells.

A COM error is an exception with an int `hresult` (or pywin32's `scode`), signed or not. Anything
else is a module that fell over: E_FAIL, and the text says where in the module's source.

What a failure does to the request is not decided here. The room is careful about one thing: an
exception is a guest's object, whose attributes and text may raise in their turn, and the log has
to be written all the same. The `certsim` logger stays silent until a program sets logging up.
Source: TechNet on events 43 to 46; gradenegger.eu (event 46); pywin32 (`com_error`, and how a
Python COM server's exceptions become codes); CONTRIBUTING.md (law 3); docs/rulings.md (Modules).
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import NamedTuple, Protocol

from certsim._engine.journal import EventLogEntry
from certsim._engine.state import CAState
from certsim.errors import signed
from certsim.facts.hresults import HRESULT
from certsim.facts.schema import COLUMNS

logger = logging.getLogger("certsim")
logger.addHandler(logging.NullHandler())


_OURS = str(Path(__file__).parent)
_LONGEST = COLUMNS["Request.DispositionMessage"].max_length
"""Characters of a failure's text that are kept; some exceptions carry megabytes."""


class EventIds(NamedTuple):
    """Hold the event ids of a kind of module: for an exception that is no COM error, and for one.

    The ids are those of the source Microsoft-Windows-CertificationAuthority, where 46 is
    MSG_E_EXIT_ERROR and 44 MSG_E_POLICY_ERROR.
    """

    raised: int
    error: int


EXIT, POLICY = EventIds(45, 46), EventIds(43, 44)
NOT_LOADED = 9
"""The id for a policy module that cannot be loaded."""


def com_code(error: BaseException) -> int | None:
    """Return the signed HRESULT that *error* carries, `None` if it is no COM error.

    Both spellings of a code come back signed: 0x80004005 as -2147467259. Where both attributes
    are there, `hresult` counts. The success code 0 is taken as E_FAIL: what is raised has failed.
    Source: pywin32 (`com_error.hresult`, `COMException.scode`); docs/rulings.md (Verdicts).
    """
    for name in ("hresult", "scode"):
        code = _attribute(error, name)
        if isinstance(code, int) and not isinstance(code, bool):
            return signed(code) or HRESULT.E_FAIL
    return None


def code_of(error: BaseException) -> int:
    """Return the HRESULT a call failed with: the COM error's own, else E_FAIL; signed.

    E_FAIL for all others is what pywin32 makes of a Python exception that leaves a COM server.
    """
    code = com_code(error)
    return HRESULT.E_FAIL if code is None else code


def describe_exception(error: BaseException) -> str:
    """Return what *error* says, and for a plain exception its type and the line it came from.

    A COM error speaks by its `strerror`, as the text of event 46 comes from COM's error info. The
    line is the innermost one in a file, given by the file's name alone: a policy module's words
    reach the client, and the folders of the server are not for clients.
    """
    if com_code(error) is not None:
        told = _attribute(error, "strerror")
        return told if isinstance(told, str) and told else _words(error)
    words = f"{type(error).__name__}: {_words(error)}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(("<", _OURS))
    ]
    if isinstance(error, SyntaxError) or not frames:
        return words  # a syntax error says itself where it is
    return f"{words} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"


def _words(error: BaseException) -> str:
    """Return the text of a module's exception, or a stand-in when `__str__` raises."""
    try:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "(its text cannot be read)"


def _attribute(error: BaseException, name: str) -> object:
    """Return what a module's exception has as *name*; one that raises has nothing."""
    try:
        return getattr(error, name, None)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return None


class Culprit(Protocol):
    """Be a module that failed, or could not even be made: the log has to name it either way."""

    @property
    def progid(self) -> str:
        """Return the name it is plugged in under."""

    def description(self) -> str:
        """Return what it says of itself."""


def log_failure(
    state: CAState,
    ids: EventIds,
    module: Culprit,
    method: str,
    error: BaseException,
    request_id: int | None = None,
) -> EventLogEntry:
    """Log that *method* of *module* raised *error*, with the event id that fits; return the entry.

    *request_id* is the request the call was about, `None` where there is none.
    """
    event_id = ids.raised if com_code(error) is None else ids.error
    text = describe_exception(error)
    return log(state, event_id, module, method, code_of(error), text, request_id)


def log(
    state: CAState,
    event_id: int,
    module: Culprit,
    method: str,
    hresult: int,
    text: str,
    request_id: int | None = None,
) -> EventLogEntry:
    """Put one failure into the event log, the journal and the `certsim` logger; return it.

    *hresult* may be signed or not and is kept signed; the moment is the CA's own. The parts are
    those of Microsoft's message: description of the module, method, code, text.
    """
    entry = EventLogEntry(
        state.now(),
        event_id,
        module.progid,
        module.description(),
        method,
        signed(hresult),
        text[:_LONGEST],
        request_id,
    )
    state.journal.log(entry)
    logger.error("%s", entry)
    return entry
