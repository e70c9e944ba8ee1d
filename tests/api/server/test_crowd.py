"""Connections of one address are limited, whatever others have."""

from api.server.crowd import Crowd


def test_an_address_has_so_many_connections_and_another_its_own():
    crowd = Crowd()
    assert [crowd.enter("192.0.2.1", most=2) for _ in range(3)] == [True, True, False]
    assert crowd.enter("192.0.2.2", most=2)
    crowd.leave("192.0.2.1")
    assert [crowd.enter("192.0.2.1", most=2) for _ in range(2)] == [True, False]
