"""Whether this machine's clock is kept by NTP."""

import ctypes

_TIMEX_BYTES = 256
_TIME_ERROR = 5


def ntp_synchronised() -> bool:
    """Whether the kernel's clock is kept by NTP, as adjtimex(2) says it."""
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return bool(0 <= state < _TIME_ERROR)
