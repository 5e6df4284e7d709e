"""Constant groups against the published headers, member by member."""

import enum
from typing import Any

import pytest

from certsim.facts import flags
from certsim.facts.basis import Basis

GROUPS: list[tuple[type[enum.IntEnum | enum.IntFlag], str, str]] = [
    (flags.RequestType, "CR_IN", "CR_IN_"),
    (flags.CROut, "CR_OUT", "CR_OUT_"),
    (flags.ErrorMessage, "CR_GEMT", "CR_GEMT_"),
    (flags.RequestFlag, "CR_FLG", "CR_FLG_"),
    (flags.RequestDisposition, "REQDISP", "REQDISP_"),
    (flags.EditFlag, "EDITF", "EDITF_"),
    (flags.PublishFlag, "EXITPUB", "EXITPUB_"),
    (flags.CRLKind, "CA_CRL", "CA_CRL_"),
    (flags.CRLFlag, "CRLF", "CRLF_"),
    (flags.CRLPublishFlag, "CPF", "CPF_"),
    (flags.URLFlag, "CSURL", "CSURL_"),
    (flags.KRAFlag, "KRAF", "KRAF_"),
    (flags.InterfaceFlag, "IF", "IF_"),
    (flags.RevocationFlag, "REVEXT/ISSCERT", "REVEXT_"),
    (flags.IssuerURLFlag, "REVEXT/ISSCERT", "ISSCERT_"),
    (flags.DatabaseFlag, "DBFLAGS", "DBFLAGS_"),
    (flags.SetupFlag, "SETUP", "SETUP_"),
    (flags.LogLevel, "CERTLOG", "CERTLOG_"),
    (flags.CAAccess, "CA_ACCESS", "CA_ACCESS_"),
    (flags.ImportFlag, "ICF/IKF/CDR", "ICF_"),
    (flags.DeleteRowFlag, "ICF/IKF/CDR", "CDR_"),
    (flags.ExtensionOrigin, "EXTENSION", "EXTENSION_ORIGIN_"),
]


@pytest.mark.parametrize(("kind", "group", "prefix"), GROUPS)
def test_members_are_the_published_constants(
    kind: type[enum.IntEnum | enum.IntFlag], group: str, prefix: str, oracle: dict[str, Any]
) -> None:
    """Each class holds its whole group: names without prefix, the header's values."""
    published = {
        symbol.split(" ")[0]: value  # two symbols carry the age of their header after a blank
        for symbol, value in oracle["constants"][group].items()
        if symbol.startswith(prefix)
    }
    published.pop("EXTENSION_ORIGIN_MASK", None)
    members = {prefix + name: member.value for name, member in kind.__members__.items()}
    assert members == published


def test_extension_flags_and_masks(oracle: dict[str, Any]) -> None:
    """The bits lose the ending _FLAG too; the masks are plain numbers."""
    group = oracle["constants"]["EXTENSION"]
    bits = {f"EXTENSION_{name}_FLAG": bit for name, bit in flags.ExtensionFlag.__members__.items()}
    assert {name: bit.value for name, bit in bits.items()} == {
        name: value for name, value in group.items() if name.endswith("_FLAG")
    }
    assert group["EXTENSION_ORIGIN_MASK"] == flags.ORIGIN_MASK
    assert group["EXTENSION_POLICY_MASK"] == flags.POLICY_MASK


def test_an_origin_fits_its_mask_and_leaves_the_flags_alone() -> None:
    """Origin and flags share a word without touching."""
    for origin in flags.ExtensionOrigin:
        assert origin & flags.ORIGIN_MASK == origin
        assert origin & flags.POLICY_MASK == 0


@pytest.mark.parametrize("kind", [kind for kind, _, _ in GROUPS if issubclass(kind, enum.IntFlag)])
def test_bit_sets_keep_unknown_bits(kind: type[enum.IntFlag]) -> None:
    """A word from a newer server survives the clearing of a bit."""
    assert int(kind(0x60000001) & ~int(kind(1))) == 0x60000000


def test_request_types_combine_to_the_stored_word() -> None:
    """Format and way of delivery or-ed give the number a server stores."""
    assert flags.RequestType.PKCS10 | flags.RequestType.FULLRESPONSE == 0x40100
    assert flags.RequestType.CMC | flags.RequestType.FULLRESPONSE == 0x40400


def test_the_standalone_default_is_pend_first_then_issue() -> None:
    """The default of a standalone policy is spelled by its parts."""
    parts = flags.RequestDisposition.PENDINGFIRST | flags.RequestDisposition.ISSUE
    assert flags.RequestDisposition(parts).name == "DEFAULT_STANDALONE"


def test_constants_are_graded_as_header() -> None:
    """One grade holds for the whole file."""
    assert flags.BASIS is Basis.HEADER
