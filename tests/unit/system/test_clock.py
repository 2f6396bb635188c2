"""The kernel's clock, asked."""

from ldirectord_py.system.clock import clock


def test_the_kernel_tells_how_its_clock_is_kept() -> None:
    told = clock()  # 16 seconds is the largest error that the kernel reckons with (NTP_PHASE_LIMIT)
    assert 0 <= told.error <= 16
    assert told.synchronised in (True, False)
