"""Reads the page as a reader without scripts would: tables by id, and every address in it."""

from html.parser import HTMLParser


class PageText(HTMLParser):
    """Cells of every table with an id, the addresses, the scripts and the whole text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: dict[str, list[list[str]]] = {}
        self.addresses: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.policy = ""
        self.words: list[str] = []
        self._table: str | None = None
        self._cell: list[str] | None = None
        self._script: dict[str, str | None] | None = None
        self._skip = False
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def cells(self, table: str) -> dict[tuple[str, str], str]:
        """Cells by heading of row and column."""
        head, *body = self.tables[table]
        return {(line[0], column): cell for line in body for column, cell in zip(head[1:], line[1:], strict=True)}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.addresses += [
            (tag, name, value or "") for name, value in attrs if name in {"src", "href", "action", "srcset", "data"}
        ]
        if tag == "table" and given.get("id"):
            self._table = str(given["id"])
            self.tables[self._table] = []
        elif tag == "tr" and self._table:
            self.tables[self._table].append([])
        elif tag in {"td", "th"} and self._table:
            self._cell = []
        elif tag == "script":
            self._script = given
            self.scripts.append((given, ""))
        elif tag == "style":
            self._skip = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._table = None
        elif tag in {"td", "th"} and self._table and self._cell is not None:
            self.tables[self._table][-1].append("".join(self._cell).strip())
            self._cell = None
        elif tag == "script":
            self._script = None
        elif tag == "style":
            self._skip = False

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            given, text = self.scripts[-1]
            self.scripts[-1] = (given, text + data)
        elif not self._skip:
            self.words.append(data)
            if self._cell is not None:
                self._cell.append(data)
