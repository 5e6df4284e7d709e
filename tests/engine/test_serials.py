"""Serial numbers: the four documented layouts, judged by a second hand and by certificates.

Source: MS-WCCE 3.2.1.4.2.1.4.6; docs/rulings.md (Certificates).
"""

from __future__ import annotations

import random

import pytest
from cryptography import x509
from hypothesis import assume, example, given
from hypothesis import strategies as st

from certsim._engine import serials
from tests.codes import E_INVALIDARG, signed
from tests.engine import values_kit as kit


def chance(seed: int) -> random.Random:
    """Return chance that repeats."""
    return random.Random(seed)  # noqa: S311  (repeatable on purpose)


ids = st.integers(1, 2**32 - 1)
indices = st.integers(0, 2**16 - 1)
seeds = st.integers(0, 2**32)


def hexed(data: bytes) -> str:
    """Return bytes in lower-case hexadecimal."""
    return "".join(f"{byte:02x}" for byte in data)


def top(byte: int) -> int:
    """Return the top byte after the three rules."""
    byte &= 0x7F
    if byte == 0:
        return 0x61
    return byte ^ 0x10 if byte < 0x10 else byte


def model(request_id: int, index: int, high: int | str | None, source: random.Random) -> str:
    """Return the serial number written from its right end, as the table lays it out."""
    right = [f"{request_id:08x}", f"{index:04x}"]
    if isinstance(high, int) and high:
        right += [hexed(source.randbytes(8)[::-1]), f"{request_id:08x}", f"{high & 0xFF:02x}"]
    elif isinstance(high, str) and high:
        right += [high[-26:]]
    else:
        right += [hexed(source.randbytes(4)[::-1])]
    text = "".join(reversed(right))
    return f"{top(int(text[:2], 16)):02x}{text[2:]}"


highs = st.one_of(
    st.none(),
    st.just(0),
    st.integers(1, 0xFFFFFFFE),
    st.binary(min_size=1, max_size=20).map(hexed),
)


@given(request_id=ids, index=indices, high=highs, seed=seeds)
@example(1, 0, None, 0)
@example(1, 0, 0x80, 0)
@example(1, 0, 0x100, 0)
@example(1, 0, "00", 0)
@example(1, 0, "0f", 0)
@example(1, 0, "80", 0)
def test_layouts(request_id: int, index: int, high: int | str | None, seed: int) -> None:
    """For all ids, indices and settings the serial number is the model's."""
    found = serials.new_serial(request_id, index, high, chance(seed).randbytes)
    assert found == model(request_id, index, high, chance(seed))


@given(request_id=ids, index=indices, high=highs, seed=seeds)
def test_serials_are_positive_der_integers_with_the_id_at_the_right_end(
    request_id: int, index: int, high: int | str | None, seed: int
) -> None:
    """Whole lower-case bytes, a first one of 0x10 to 0x7f, at most 20 bytes, the id at the end."""
    found = serials.new_serial(request_id, index, high, chance(seed).randbytes)
    data = bytes.fromhex(found)
    assert found == hexed(data)
    assert 0x10 <= data[0] <= 0x7F
    assert len(data) <= 19
    assert int.from_bytes(data[-4:], "big") == request_id
    assert int.from_bytes(data[-6:-4], "big") == index


@given(first=ids, second=ids, index=indices, high=highs, seeds=st.tuples(seeds, seeds))
def test_different_ids_make_different_serials(
    first: int, second: int, index: int, high: int | str | None, seeds: tuple[int, int]
) -> None:
    """Whatever chance says, two requests of one CA certificate never share a serial number."""
    assume(first != second)
    numbers = [
        serials.new_serial(one, index, high, chance(seed).randbytes)
        for one, seed in zip((first, second), seeds, strict=True)
    ]
    assert numbers[0] != numbers[1]


def issued(count: int, **more: object) -> tuple[list[str], list[x509.Certificate]]:
    """Return serial numbers and certificates of some requests to one CA."""
    with kit.authority(**more) as ca:  # type: ignore[arg-type]
        outcomes = [ca.submit(kit.csr()) for _ in range(count)]
    certificates = [one.certificate for one in outcomes if one.certificate]
    return [one.serial_number for one in outcomes if one.serial_number], certificates


@pytest.mark.parametrize(
    ("high", "length"),
    [
        (None, 10),
        (0, 10),
        (0x42, 19),
        (0xFFFFFF42, 19),
        ("77aa", 8),
        ("66" * 13, 19),
        ("55" * 20, 19),
    ],
)
def test_the_setting_chooses_the_layout(high: int | str | None, length: int) -> None:
    """HighSerial in the configuration decides, and the certificate carries what the row says."""
    config = {} if high is None else {r"ca\HighSerial": high}
    numbers, certificates = issued(2, config=config)
    for index, (number, certificate) in enumerate(zip(numbers, certificates, strict=True), 1):
        assert len(number) == 2 * length
        assert certificate.serial_number == int(number, 16)
        assert number.endswith(f"{index:08x}")
    if high in (0x42, 0xFFFFFF42):
        assert all(number.startswith("42") for number in numbers)
    if isinstance(high, str):
        assert all(number.startswith(high[-26:]) for number in numbers)


@pytest.mark.parametrize("high", [0xFFFFFFFF, -1])
def test_auto_makes_eight_random_bytes_once_and_keeps_them(high: int) -> None:
    """0xFFFFFFFF becomes a text of eight random bytes in the registry, used from then on."""
    with kit.authority(config={r"ca\HighSerial": high}) as ca:
        first = ca.submit(kit.csr()).serial_number
        kept = ca.get_config(r"ca\HighSerial")
    with ca:
        second = ca.submit(kit.csr()).serial_number
    assert isinstance(kept, str)
    assert len(bytes.fromhex(kept)) == 8
    assert first is not None
    assert second is not None
    assert len(first) == len(second) == 2 * 14
    assert first[:-8] == second[:-8]
    assert first[2:16] == kept[2:]


@pytest.mark.parametrize("high", ["xyz", "abc", "0x12", "٣٣"])
def test_a_high_serial_that_is_no_hexadecimal_text_issues_nothing(high: str) -> None:
    """Text that is no whole bytes of hexadecimal ends in a refusal, or in no start at all."""
    ca = kit.authority(config={r"ca\HighSerial": high})
    with ca:
        outcome = ca.submit(kit.csr())
    assert outcome.status == signed(E_INVALIDARG)
    assert outcome.raw_certificate is None


def test_request_ids_begin_at_1_and_rise_by_1() -> None:
    """Every request, refused or unreadable ones included, takes the next id."""
    with kit.authority() as ca:
        found = [
            ca.submit(one).request_id for one in (kit.csr(), b"junk", kit.csr(kit.name()), b"")
        ]
    assert found == [1, 2, 3, 4]
