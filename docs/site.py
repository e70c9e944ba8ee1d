"""What mkdocs does to our pages: links to files beside docs/ lead to the repository, or are only their text."""

import re
from typing import Any

# A link that leaves docs/. The house tests hold that its file exists.
_OUTSIDE = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./([^)\s]+)\)")
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, *, config: Any, **_: Any) -> str:
    """Returns the page's text with every link out of docs/ replaced."""

    def replaced(link: re.Match[str]) -> str:
        text, path = link.groups()
        return f"[{text}]({config.repo_url.rstrip('/')}/blob/main/{path})" if config.repo_url else text

    parts = _FENCED.split(markdown)
    return "".join(part if part.startswith("```") else _OUTSIDE.sub(replaced, part) for part in parts)
