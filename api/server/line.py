"""One client's connection, on which the client may neither send nor read too slowly."""

import errno
from time import monotonic

from gevent import socket

#: How long a client may send, or read, nothing at all.
SILENCE_SEC = 10.0
#: What a body begins with; each received byte then buys time at the slowest rate.
BODY_SEC = 20.0
#: In bytes a second, as slow as a bad mobile connection; the largest file may take an hour and three quarters.
SLOWEST_RATE = 10 * 1024
#: A refused client sees its answer only if what it has sent is read: this much, no longer than that.
LINGER_BYTES = 4 * 1024 * 1024
LINGER_SEC = 2.0
_PIECE_BYTES = 64 * 1024


class Line(socket.socket):
    """A socket with a deadline for the body that is being received and for each piece that is sent."""

    def __init__(self, client: socket.socket) -> None:
        super().__init__(client.family, client.type, client.proto, fileno=client.detach())
        self._body_until: float | None = None

    def begin_body(self) -> None:
        """From now on received bytes are those of a body; before, the worker limits the time of the headers."""
        self._body_until = monotonic() + BODY_SEC

    def end_body(self) -> None:
        """The request has been answered."""
        self._body_until = None

    def recv(self, *arguments: int) -> bytes:
        """Receives what there is; TimeoutError when the client is silent, or so slow that it would take forever."""
        if self._body_until is None:
            self.settimeout(None)
            return bytes(super().recv(*arguments))
        left = self._body_until - monotonic()
        if left <= 0:
            raise TimeoutError("the body arrives too slowly")
        self.settimeout(min(left, SILENCE_SEC))
        data = bytes(super().recv(*arguments))
        self._body_until += len(data) / SLOWEST_RATE
        return data

    def sendall(self, data: bytes, *flags: int) -> None:
        """Sends all of it, as long as the client reads; otherwise the connection is over, as if the client had left."""
        whole = memoryview(data)
        for at in range(0, len(whole), _PIECE_BYTES):
            piece = whole[at : at + _PIECE_BYTES]
            self.settimeout(SILENCE_SEC + len(piece) / SLOWEST_RATE)
            try:
                super().sendall(piece, *flags)
            except TimeoutError:
                raise ConnectionResetError(errno.ECONNRESET, "the client does not read") from None

    def close(self) -> None:
        """Ends the connection so that the client can still read its last answer."""
        if self.fileno() >= 0:
            self._linger()
        super().close()

    def _linger(self) -> None:
        # Closing while something is unread would reset the connection, and the answer could be lost with it.
        until, read = monotonic() + LINGER_SEC, 0
        try:
            self.shutdown(socket.SHUT_WR)
            while read < LINGER_BYTES and (left := until - monotonic()) > 0:
                self.settimeout(left)
                if not (piece := super().recv(_PIECE_BYTES)):
                    return
                read += len(piece)
        except OSError:
            return
