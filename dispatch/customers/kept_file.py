"""An uploaded file as a stream that can be sought, of which only the part that is being read is in memory."""

import io
from collections.abc import Callable
from typing import Any


class KeptFile(io.RawIOBase):
    """The file whose parts `part` returns by their numbers; all have the size of the first, except the last."""

    def __init__(self, part: Callable[[int], bytes | None]) -> None:
        self._part = part
        self._size = 0
        self._number = -1
        self._content = b""
        #: How many bytes are before what is read next.
        self.position = 0

    def readable(self) -> bool:
        """Returns True: this stream is for reading."""
        return True

    def seekable(self) -> bool:
        """Returns True: any part can be fetched."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to a position from the beginning, or from where it is."""
        self.position = offset if whence == io.SEEK_SET else self.position + offset
        return self.position

    def tell(self) -> int:
        """Returns how many bytes are before what is read next."""
        return self.position

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer with what is left of a part; 0 at the end."""
        if not self._size:
            self._number, self._content = 0, self._part(0) or b""
            self._size = len(self._content)
        if not self._size:
            return 0
        number, begin = divmod(self.position, self._size)
        if number != self._number:
            self._number, self._content = number, self._part(number) or b""
        some = memoryview(self._content)[begin : begin + len(buffer)]
        buffer[: len(some)] = some
        self.position += len(some)
        return len(some)
