"""Who opens a link: a person with a browser, or a program."""

import pytest

from dispatch.links.bots import is_program

CHROME = "Mozilla/5.0 (Linux; Android 14; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"
PEOPLE = [
    CHROME.format("Pixel 8"),
    CHROME.format("CUBOT_X19"),
    CHROME.format("CUBOT KING KONG 9"),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1",
    # The browsers inside of apps.
    CHROME.format("SM-S918B; wv") + " [FB_IAB/FB4A;FBAV/470.0.0.0;]",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Instagram 334.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Twitter for iPhone/10",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [Pinterest/iOS]",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80 (S60; SymbOS; Opera Mobi/23.334; U; en) Presto/2.5.25 Version/10.54",
    "Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
]
PROGRAMS = [
    *(
        "",
        "   ",
        "WhatsApp/2.24.12.78 A",
        "WhatsApp/2",
        "WhatsApp",
        "Viber",
        "Valve/Steam HTTP Client 1.0",
        "TelegramBot (like TwitterBot)",
        "Twitterbot/1.0",
    ),
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
    "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "facebookexternalhit/1.1;line-poker/1.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    CHROME.format("Nexus 5X Build/MMB29P") + " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://apple.com/go/applebot)",
    "Mozilla/5.0 (compatible; Google-Safety; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0 Safari/537.36",
    # Such as https://github.com/monperrus/crawler-user-agents lists.
    "Mozilla/5.0 (compatible; YaDirectFetcher/1.0; +http://yandex.com/bots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.6; en-US; rv:1.9.2) Gecko/20100115 Firefox/3.6 (FlipboardProxy/1.6)",
    "Mastodon/4.2.1 (http.rb/5.1.1; +https://mastodon.example/)",
    "ichiro/3.0 (goo@example.com)",
    *(
        "Snap URL Preview Service; bot; snapchat",
        "curl/8.5.0",
        "python-requests/2.32",
        "Go-http-client/2.0",
        "okhttp/4.12.0",
    ),
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_browser_is_a_persons_also_inside_of_an_app(agent):
    assert not is_program("GET", {"User-Agent": agent})


@pytest.mark.parametrize("agent", PROGRAMS)
def test_what_calls_itself_a_program_is_one(agent):
    assert is_program("GET", {"User-Agent": agent})


def test_no_name_at_all_is_a_programs():
    assert is_program("GET", {})


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
    ],
)
def test_a_browser_that_loads_ahead_is_no_person(header, value):
    assert is_program("GET", {"User-Agent": PEOPLE[0], header: value})


def test_who_asks_for_the_head_alone_reads_nothing():
    assert is_program("HEAD", {"User-Agent": PEOPLE[0]})


def test_only_the_beginning_of_an_endless_name_is_read():
    assert not is_program("GET", {"User-Agent": "x" * 1_000_000 + " bot"})
