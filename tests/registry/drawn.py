"""Names, values and trees as hypothesis draws them, and the places of a CA's registry.

Source: win32 SysInfo, registry element size limits and value types.
"""

from __future__ import annotations

from hypothesis import strategies as st

SERVICE = r"SYSTEM\CurrentControlSet\Services\CertSvc"
ROOT = rf"{SERVICE}\Configuration\Lab CA"
MACHINE = "HKEY_LOCAL_MACHINE"
HEADER = "Windows Registry Editor Version 5.00"

printing = st.characters(exclude_categories=("Cc", "Cs"))
awkward = st.sampled_from('"\\][;#@=- \U0001f511éİ')
names = st.text(awkward | printing, min_size=1, max_size=10)
"""Names of values: all that a name may hold, above all what the .reg format takes for its own."""
keys = st.text(
    awkward.filter(lambda char: char != "\\") | printing.filter(lambda char: char != "\\"),
    min_size=1,
    max_size=8,
)
"""Names of keys."""
anything = st.text(st.characters() | awkward | st.sampled_from("\0\r\n\t\ud800"), max_size=40)
"""Text of any characters, halves of surrogate pairs among them."""
values = st.one_of(
    st.integers(0, 2**32 - 1),
    anything,
    st.binary(max_size=90),
    st.lists(anything.map(lambda text: text.replace("\0", "")), max_size=4),
)
"""Values of the four types; empty ones and such as take several lines among them."""
