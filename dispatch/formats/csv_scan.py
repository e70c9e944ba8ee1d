"""Follows the quotation marks of a CSV text, which say where a record that goes over several lines ends."""

import re


class Scan:
    """Follows the quotation marks of a text that comes in pieces.

    `broken` says that a cell is not written by the rules. It is then open up to the next mark that can end a cell.
    """

    def __init__(self, delimiter: str, state: "tuple[str, bool, bool] | None" = None) -> None:
        self._delimiter = delimiter
        self._edge = re.compile(f"[{re.escape(delimiter)}\r\n]")
        self._at, self._spans_lines, self._may_open = state or ("begin", False, False)
        self.broken = False
        self.ended = False

    @property
    def state(self) -> tuple[str, bool, bool]:
        """Returns where it is, for another scan that continues here."""
        return self._at, self._spans_lines, self._may_open

    @property
    def is_open(self) -> bool:
        """Whether a quoted cell has begun and not ended."""
        return self._at == "quoted"

    def feed(self, text: str) -> None:
        """Follows one more piece; `ended` says whether the record ends with it."""
        at = 0
        after_marks = -1
        self._spans_lines = self._at == "quoted"
        while at < len(text):
            if self._at == "quoted":
                at = text.find('"', at) + 1
                if at == 0:
                    return
                self._at = "mark"
                # What is before the first of several marks in a row.
                if at - 1 != after_marks:
                    self._may_open = self._spans_lines and text[at - 2 : at - 1] == self._delimiter
                after_marks = at + 1
            elif self._at == "plain":
                edge = self._edge.search(text, at)
                if edge is None:
                    return
                at = edge.start()
                self._at = "closed"
            else:
                at = self._step(text[at], at)
                if self.ended:
                    return

    def _step(self, character: str, at: int) -> int:
        """Follows one character at the beginning of a cell, after a mark inside one, or after one that has ended."""
        if self._at == "mark" and self._may_open and character != '"':
            self.broken = True
            self._at = "quoted"
            return at
        if character in "\r\n":
            self.ended = True
        elif character == self._delimiter:
            self._at = "begin"
        elif character == '"' and self._at in ("begin", "mark"):
            self._spans_lines = self._spans_lines and self._at == "mark"
            self._at = "quoted"
        elif character == " ":
            self._at = "begin" if self._at == "begin" else "closed"
        elif self._at == "begin":
            self._at = "plain"
        else:
            # The mark before was none that closes the cell.
            self.broken = True
            self._at = "quoted"
            return at
        return at + 1
