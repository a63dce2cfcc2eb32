"""What is known of the link to the centre: since when it stands, who answers, and who disturbs it; pure.

All instants are of the monotonic clock, in ms.
"""

CENTRE_SILENT_MS = 60_000
"""So long without any ack, though something was sent, and the centre is said to be silent."""
SHORT_SESSION_MS = 120_000
SHORT_SESSIONS = 3
"""So many sessions in a row that the broker ended so soon: somebody else uses our client id."""


class LinkRecord:
    """The link's history, as far as it explains the present.

    Attributes:
        connected_ms: since when it stands; None if it does not.
        lost_ms: since when it does not; None if it stands or was never tried.
        acked_ms: when the centre last answered; None if it never did.
    """

    def __init__(self) -> None:
        self.connected_ms: int | None = None
        self.lost_ms: int | None = None
        self.acked_ms: int | None = None
        self._asked_ms: int | None = None
        self._short_sessions = 0

    @property
    def is_contested(self) -> bool:
        """Whether the broker ends our connections as it does when another client comes by the same name."""
        return self._short_sessions >= SHORT_SESSIONS

    def connected(self, now_ms: int) -> None:
        """Note that a session begins."""
        self.connected_ms, self.lost_ms, self._asked_ms = now_ms, None, None

    def lost(self, now_ms: int, *, closed_by_broker: bool) -> None:
        """Note that there is no session, or none any more."""
        began_ms, self.connected_ms = self.connected_ms, None
        if self.lost_ms is None:
            self.lost_ms = now_ms
        is_short = began_ms is not None and closed_by_broker and now_ms - began_ms < SHORT_SESSION_MS
        self._short_sessions = self._short_sessions + 1 if is_short else 0

    def lasts(self, now_ms: int) -> bool:
        """Whether the session has stood long enough to be called well."""
        since_ms = self.connected_ms
        return since_ms is not None and (not self.is_contested or now_ms - since_ms > SHORT_SESSION_MS)

    def asked(self, now_ms: int) -> None:
        """Note that something was sent that the centre should answer."""
        if self._asked_ms is None:
            self._asked_ms = now_ms

    def acked(self, now_ms: int) -> None:
        """Note that the centre answered."""
        self._asked_ms, self.acked_ms = None, now_ms

    def centre_is_silent(self, now_ms: int) -> bool:
        """Whether the centre owes us an answer for too long."""
        return self._asked_ms is not None and now_ms - self._asked_ms > CENTRE_SILENT_MS
