"""The sockets against the recorded facts: names, order, parameters, types, pages and GUIDs.

The oracle is tests/data/facts.json, which was gathered from the SDK's pages and headers. No test
here reads a name or a GUID from the code in order to expect it there.
"""

import ast
import inspect
import json
import re
from datetime import datetime
from pathlib import Path
from types import FunctionType, NoneType
from typing import Any, get_args

import pytest

import certsim.interfaces
from certsim.interfaces import (
    ICertExit,
    ICertExit2,
    ICertManageModule,
    ICertPolicy,
    ICertPolicy2,
    ICertServerExit,
    ICertServerPolicy,
)
from certsim.interfaces.certif import PropertyValue

PROTOCOLS: tuple[type, ...] = (
    ICertExit,
    ICertExit2,
    ICertManageModule,
    ICertPolicy,
    ICertPolicy2,
    ICertServerExit,
    ICertServerPolicy,
)
FACTS_FILE = Path(__file__).parents[1] / "data" / "facts.json"
# Any: the shape of parsed JSON is not known to the type checker.
FACTS: dict[str, Any] = json.loads(FACTS_FILE.read_text(encoding="utf-8"))["interfaces"]
# Each COM type with the members of its Python union; outputs have one star more than inputs.
PYTHON_TYPES: dict[str, set[object]] = {
    "BSTR": {str},
    "BSTR*": {str},
    "LONG": {int},
    "LONG*": {int},
    "VARIANT*": {int, datetime, bytes, str},
    "ICertManageModule**": {ICertManageModule},
}
# The variants that may be VT_NULL, which Python spells None.
NULLABLE_PARAMETERS = {("ICertServerPolicy", "SetCertificateProperty", "pvarPropertyValue")}

each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.__name__)
each_method = pytest.mark.parametrize(
    ("protocol", "fact"),
    [(protocol, fact) for protocol in PROTOCOLS for fact in FACTS[protocol.__name__]["methods"]],
    ids=lambda value: value["name"] if isinstance(value, dict) else value.__name__,
)


def own_methods(protocol: type) -> dict[str, FunctionType]:
    """Return the public functions of a class body, in the order in which they stand there."""
    return {
        name: member
        for name, member in vars(protocol).items()
        if isinstance(member, FunctionType) and not name.startswith("_")
    }


def inputs(fact: dict[str, Any]) -> list[dict[str, str]]:
    """Return a method's recorded parameters without the one that Python returns."""
    return [parameter for parameter in fact["params"] if "retval" not in parameter["direction"]]


def members(annotation: object) -> set[object]:
    """Return the members of a union, or the one type that an annotation is, with None as itself."""
    return {None if m is NoneType else m for m in get_args(annotation) or (annotation,)}


def expected_return(fact: dict[str, Any]) -> set[object]:
    """Derive the Python return type from the [out, retval] parameter and the mention of S_FALSE."""
    results = [PYTHON_TYPES[p["com_type"]] for p in fact["params"] if "retval" in p["direction"]]
    nothing_to_return = not results or any("S_FALSE" in error for error in fact["errors"])
    return set().union(*results, {None} if nothing_to_return else set())


def labelled(docstring: str | None, label: str) -> list[str]:
    """Return the values of a docstring's lines that begin with a label and a colon."""
    return re.findall(rf"^ *{label}: (.+)$", docstring or "", flags=re.MULTILINE)


def test_package_exports_the_seven_protocols_and_nothing_else() -> None:
    """The front of the package lists each socket once, under Microsoft's name."""
    exported = {name: getattr(certsim.interfaces, name) for name in certsim.interfaces.__all__}
    assert exported == {protocol.__name__: protocol for protocol in PROTOCOLS}
    assert len(certsim.interfaces.__all__) == len(PROTOCOLS)


@each_protocol
def test_methods_stand_in_vtable_order(protocol: type) -> None:
    """Each class body has the recorded methods and no others, in the order of their slots."""
    facts = sorted(FACTS[protocol.__name__]["methods"], key=lambda fact: int(fact["vtable_slot"]))
    assert list(own_methods(protocol)) == [fact["name"] for fact in facts]


@each_protocol
def test_slots_follow_on_from_idispatch_without_gaps(protocol: type) -> None:
    """Counted through the base classes from slot 7, every method lands in its recorded slot."""
    line = [base for base in reversed(protocol.__mro__) if base in PROTOCOLS]
    counted = [name for ancestor in line for name in own_methods(ancestor)]
    recorded = {
        fact["name"]: fact["vtable_slot"]
        for ancestor in line
        for fact in FACTS[ancestor.__name__]["methods"]
    }
    assert {name: slot for slot, name in enumerate(counted, start=7)} == recorded


@each_protocol
def test_protocols_inherit_as_their_com_interfaces_do(protocol: type) -> None:
    """A socket derives from another one exactly where COM says so."""
    bases = [base.__name__ for base in protocol.__bases__ if base in PROTOCOLS]
    recorded = FACTS[protocol.__name__]["base"]
    assert bases == ([] if recorded == "IDispatch" else [recorded])


@each_protocol
def test_protocols_live_in_the_file_of_their_header(protocol: type) -> None:
    """The module's name is the header's name."""
    assert f"{protocol.__module__.rpartition('.')[2]}.h" == FACTS[protocol.__name__]["header"]


@each_protocol
def test_protocols_cannot_be_asked_at_run_time(protocol: type) -> None:
    """Checking members belongs to the loader, so isinstance is refused."""
    with pytest.raises(TypeError, match="runtime_checkable"):
        isinstance(object(), protocol)


@each_protocol
def test_class_docstring_states_the_recorded_com_identity(protocol: type) -> None:
    """Each GUID, name and page stands in the docstring where COM has one, and only there."""
    fact = FACTS[protocol.__name__]
    labels = {"IID": "iid", "CoClass": "coclass", "CLSID": "clsid", "ProgID": "progid"}
    stated = {key: labelled(protocol.__doc__, label) for label, key in labels.items()}
    assert stated == {key: [fact[key]] if fact[key] else [] for key in labels.values()}
    assert labelled(protocol.__doc__, "Source") == [fact["page"]]


@each_method
def test_parameters_have_microsofts_names_and_order(protocol: type, fact: dict[str, Any]) -> None:
    """A method takes its recorded inputs, and no output parameter."""
    names = list(inspect.signature(own_methods(protocol)[fact["name"]]).parameters)
    assert names == ["self", *(parameter["name"] for parameter in inputs(fact))]


@each_method
def test_all_parameters_are_positional_only(protocol: type, fact: dict[str, Any]) -> None:
    """No implementer is bound to a parameter's name, and none has a default."""
    _, *parameters = inspect.signature(own_methods(protocol)[fact["name"]]).parameters.values()
    assert [p for p in parameters if p.kind is not inspect.Parameter.POSITIONAL_ONLY] == []
    assert [p for p in parameters if p.default is not inspect.Parameter.empty] == []


@each_method
def test_parameter_types_follow_the_com_types(protocol: type, fact: dict[str, Any]) -> None:
    """BSTR is str, LONG int, VARIANT one of four types, or None where COM clears with it."""
    signature = inspect.signature(own_methods(protocol)[fact["name"]])
    for parameter in inputs(fact):
        nullable = (protocol.__name__, fact["name"], parameter["name"]) in NULLABLE_PARAMETERS
        expected = PYTHON_TYPES[parameter["com_type"]] | ({None} if nullable else set())
        assert members(signature.parameters[parameter["name"]].annotation) == expected


@each_method
def test_return_type_follows_the_retval_parameter(protocol: type, fact: dict[str, Any]) -> None:
    """The retval parameter gives the return type, and a recorded S_FALSE adds None to it."""
    signature = inspect.signature(own_methods(protocol)[fact["name"]])
    assert members(signature.return_annotation) == expected_return(fact)


@each_method
def test_method_docstring_names_its_page(protocol: type, fact: dict[str, Any]) -> None:
    """Each method has one Source line, which is the page recorded for it."""
    assert labelled(own_methods(protocol)[fact["name"]].__doc__, "Source") == [fact["page"]]


def test_exit_side_has_no_setter_but_setcontext() -> None:
    """An exit module can aim its object and read with eleven methods, and write with none."""
    reading = [name for name in own_methods(ICertServerExit) if not name.startswith("Set")]
    writing = [name for name in own_methods(ICertServerExit) if name.startswith("Set")]
    assert (len(reading), writing) == (11, ["SetContext"])


def test_policy_side_is_the_exit_side_and_two_setters() -> None:
    """The two interfaces share twelve signatures; the policy's has two methods more."""
    exit_side, policy_side = own_methods(ICertServerExit), own_methods(ICertServerPolicy)
    shared = {name: inspect.signature(policy_side[name]) for name in exit_side}
    assert shared == {name: inspect.signature(method) for name, method in exit_side.items()}
    added = set(policy_side) - set(exit_side)
    assert added == {"SetCertificateProperty", "SetCertificateExtension"}


def test_property_value_is_one_of_four_python_types() -> None:
    """The alias has the members that are recorded as the answer of a getter."""
    methods = FACTS["ICertServerExit"]["methods"]
    getter = next(fact for fact in methods if fact["name"] == "GetRequestProperty")
    assert {member.__name__ for member in get_args(PropertyValue)} == set(
        getter["python_return"].split(" | ")
    )


def test_sockets_import_nothing_of_certsim_but_sockets_and_facts() -> None:
    """The files of this room import typing, datetime, each other and the facts."""
    package = Path(inspect.getfile(certsim.interfaces)).parent
    nodes = [
        node
        for file in sorted(package.glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    ]
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}
    allowed = re.compile(r"typing|datetime|certsim\.(interfaces|facts)(\..+)?")
    assert imported
    assert [name for name in sorted(imported) if not allowed.fullmatch(name)] == []
