"""Tells programs that open links by themselves from people: previews of messengers, crawlers, scanners, prefetching.

It is a mark, not a defence: a program that calls itself a browser counts as a person.
"""

import re
from collections.abc import Mapping

# What programs call themselves in User-Agent, and where that is said of them.
_NAMES = (
    # Slackbot, Twitterbot, TelegramBot, Discordbot, Googlebot, bingbot, Applebot … A phone is called CUBOT.
    # https://api.slack.com/robots, https://support.apple.com/119829
    r"(?<!cu)bot(\b|[_/-])",
    # Its preview, and Signal's, which calls itself so; a person who taps a link comes with a browser.
    r"^whatsapp(/|$)",
    # Crawlers name an address or a mailbox at which they explain themselves, and browsers never do; the others are
    # those of messengers and networks in https://github.com/monperrus/crawler-user-agents, at 7c7f9f2 (2 July 2026).
    r"https?://|[\w.]@[\w-]+\.|^viber(/|$)|slack-imgproxy|flipboardproxy|^mastodon|^lemmy|^iframely|^bluesky|^valve/steam",
    # Also the previews of iMessage and LINE. https://developers.facebook.com/docs/sharing/webmasters/web-crawlers
    r"facebookexternalhit|facebookcatalog|facebot|meta-external",
    # https://developers.google.com/search/docs/crawling-indexing/overview-google-crawlers
    r"google-(read-aloud|safety|inspectiontool|extended|pagerenderer)|googleother|googleimageproxy|mediapartners-google",
    r"apis-google|feedfetcher-google",
    # BingPreview, SkypeUriPreview, MicrosoftPreview, Snap URL Preview Service, and others that say what they do.
    r"preview|prefetch|prerender|crawl|spider|slurp|scrap|scanner|headlesschrome|phantomjs|lighthouse|vkshare|embedly",
    # Libraries and command lines, and the gateways of mail and security products that name themselves.
    r"^(curl|wget|python|go-http-client|java|okhttp|ruby|perl|php|axios|node|undici|aiohttp|httpx|libwww|apache-http)",
    r"barracuda|proofpoint|mimecast|safelinks|virustotal|urlscan|netcraft|censys|zgrab",
)
_PROGRAM = re.compile("|".join(_NAMES), re.IGNORECASE)
# Browsers that load a page before anyone asked for it: Sec-Purpose and Purpose (Chromium), X-Purpose (Safari), X-Moz
# (Firefox until 120): https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Purpose
_PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_MOST_CHARACTERS = 1000


def is_program(method: str, headers: Mapping[str, str]) -> bool:
    """Returns whether the request is none of a person: it asks for the head alone, is made ahead, or says so."""
    agent = headers.get("User-Agent", "").strip()[:_MOST_CHARACTERS]
    if method == "HEAD" or not agent:
        return True
    return any(_AHEAD.search(headers.get(name, "")) for name in _PURPOSES) or _PROGRAM.search(agent) is not None
