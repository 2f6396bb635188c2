"""What the kernel tells of how busy a service is."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.ipvs.netlink import WireError, pack_nest, pack_u16, pack_u32
from ldirectord_py.ipvs.rates import unpack_rates, unpack_totals
from ldirectord_py.model.table import Rates, Totals

HEAD = b"\x01\x01\0\0"  # the kernel names what it tells IPVS_CMD_NEW_SERVICE
U64 = st.integers(0, 2**64 - 1)
RATES = Rates(connections=12, bytes_in=3400, bytes_out=56000)


def pack_u64(kind: int, number: int) -> bytes:
    return struct.pack("=HHQ", 12, kind, number)


def statistics(rates: Rates, *, padded: bool = False) -> bytes:
    """Return the attributes of `ip_vs_genl_fill_stats64`; *padded*: as where 64 bits have to lie at multiples of 8."""
    counts = (1, 2, 3, 4, 5, rates.connections, 7, 8, rates.bytes_in, rates.bytes_out)
    padding = pack_nest(11, b"") if padded else b""
    return b"".join(padding + pack_u64(kind, count) for kind, count in enumerate(counts, 1))


def told(*attributes: bytes) -> bytes:
    return HEAD + pack_nest(1, pack_u16(1, 2) + pack_u32(5, 7) + b"".join(attributes))


@given(st.builds(Rates, U64, U64, U64), st.booleans())
def test_rates_are_read_among_all_that_is_counted(rates: Rates, padded: bool) -> None:
    in_32_bits = pack_nest(10, pack_u32(6, 1) + pack_u32(9, 1) + pack_u32(10, 1))
    assert unpack_rates(told(in_32_bits, pack_nest(12, statistics(rates, padded=padded)))) == rates


def test_a_kernel_that_does_not_tell_them_in_64_bits_has_none() -> None:
    assert unpack_rates(told(pack_nest(10, pack_u32(6, 1)))) is None


@given(st.builds(Totals, U64, U64, U64, U64, U64))
def test_totals_of_a_server_are_read(totals: Totals) -> None:
    counts = b"".join(pack_u64(kind, count) for kind, count in enumerate((*totals, 1, 2, 3, 4, 5), 1))
    told = HEAD + pack_nest(2, pack_u16(2, 80) + pack_nest(12, counts))
    assert unpack_totals(told) == totals
    assert unpack_totals(HEAD + pack_nest(2, pack_u16(2, 80))) is None


@pytest.mark.parametrize(
    "message",
    [b"", HEAD, told(pack_nest(12, b"")), told(pack_nest(12, statistics(RATES)[:-12])), told(pack_nest(12, b"\1" * 9))],
)
def test_what_is_no_service_or_has_no_whole_statistics_is_an_error(message: bytes) -> None:
    with pytest.raises(WireError):
        unpack_rates(message)


@given(st.binary(max_size=200))
def test_rubbish_is_refused_with_an_error_of_our_own(rubbish: bytes) -> None:
    for unpack in (unpack_rates, unpack_totals):
        with pytest.raises(WireError):
            unpack(rubbish)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_message_with_a_hole_is_read_or_refused(at: int, hole: bytes) -> None:
    message = told(pack_nest(12, statistics(RATES)))
    try:
        unpack_rates(message[:at] + hole + message[at + len(hole) :])
    except WireError:
        return
