"""Small answers do not wait for an acknowledgement."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from imgsim.ui import network


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.socket() as made:  # as Streamlit makes its own: no protocol named
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


async def nodelay_of_a_connection(listening: socket.socket) -> int:
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(connected, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        on = await found
        writer.close()
        await writer.wait_closed()
    return on


def test_a_connection_of_an_unnamed_protocol_sends_at_once(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.base_events, "_set_nodelay", lambda _: None)  # undone afterwards
    network.answer_at_once()
    with ThreadPoolExecutor(1) as thread:  # the browser tests leave a loop running in this one
        on = thread.submit(lambda: asyncio.run(nodelay_of_a_connection(listening))).result()
    assert on != 0
