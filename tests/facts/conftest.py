"""The oracle of this floor: the published facts, as data that the tables never read."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from certsim.facts.basis import Basis

DATA: Final = Path(__file__).parents[1] / "data" / "facts.json"


@pytest.fixture(scope="session")
def oracle() -> dict[str, Any]:  # Any: a JSON tree, checked by use
    """Read the copy of the published facts."""
    facts: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return facts


@pytest.fixture(scope="session")
def basis_of_tag() -> dict[str, Basis]:
    """Map the published tags to certsim's grades: what was deduced or remembered is assumed."""
    return {
        "documented": Basis.DOCUMENTED,
        "header": Basis.HEADER,
        "sample": Basis.SAMPLE,
        "observed": Basis.OBSERVED,
        "inferred": Basis.ASSUMED,
        "recalled": Basis.ASSUMED,
    }
