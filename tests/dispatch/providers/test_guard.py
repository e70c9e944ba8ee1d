"""Addresses that accounts name lead to no private network, however they are written and whenever they change."""

import asyncio
import socket

import pytest

from dispatch.providers import Answer
from dispatch.providers.guard import is_allowed
from dispatch.providers.http import post
from dispatch.providers.sessions import LazySession
from tests.dispatch.providers.misbehaving import answers, misbehaving, says

REFUSED = Answer("halted", error_code="address_not_allowed")

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "64:ff9b:1::808:808",
    "64:ff9b:1:808:8:800::",
    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "2002:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "151.101.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_not_called(address):
    assert not is_allowed(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_called(address):
    assert is_allowed(address)


def test_an_operator_allows_networks(configure):
    configure(PRIVATE_NETWORKS="10.1.0.0/16, fd00:1::/32")
    assert all(map(is_allowed, ["10.1.2.3", "::ffff:10.1.2.3", "fd00:1::7", "8.8.8.8"]))
    # The network's own NAT64 decides what this means: 10.1.2.3 in one, something else in another.
    assert not any(map(is_allowed, ["10.2.0.1", "fd00:2::7", "127.0.0.1", "64:ff9b:1::a01:203"]))
    configure(PRIVATE_NETWORKS="64:ff9b:1::/48")
    assert is_allowed("64:ff9b:1::a01:203")


async def _posted(url, *, guarded=True):
    session = LazySession(connections=2, timeout=5, guarded=guarded)
    try:
        return await post(session.get(), url, {})
    finally:
        await session.close()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:7f00:1]", "0"],
)
def test_no_way_to_write_this_machine_reaches_it(host):
    async def talk():
        async with misbehaving(says(answers("200 OK", b"{}"))) as server:
            port = server.url.rpartition(":")[2]
            answer = await _posted(f"http://{host}:{port}/")
            assert server.requests == 0
            return answer

    answer = asyncio.run(talk())
    # Some spellings are no host name to begin with; what counts is that nothing was called.
    assert answer in (
        REFUSED,
        Answer("deferred", error_code="dns_failed"),
        Answer("halted", error_code="invalid_address"),
    )


def test_a_name_that_changes_its_address_is_judged_by_the_one_that_is_called(monkeypatch):
    real = socket.getaddrinfo

    def rebinding(host, port, *arguments, **options):
        return real("127.0.0.1" if host == "rebinding.example.com" else host, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    async def talk():
        async with misbehaving(says(answers("200 OK", b"{}"))) as server:
            port = server.url.rpartition(":")[2]
            answer = await _posted(f"http://rebinding.example.com:{port}/")
            assert server.requests == 0
            return answer

    assert asyncio.run(talk()) == REFUSED


def test_a_redirect_is_not_followed():
    async def talk():
        async with misbehaving(says(answers("302 Found", b"", "Location: http://127.0.0.1:1/"))) as server:
            reply = await _posted(server.url, guarded=False)
            assert server.requests == 1
            return reply

    assert asyncio.run(talk()).status == 302
