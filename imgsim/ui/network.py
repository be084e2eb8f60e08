"""How answers leave the server."""

from __future__ import annotations

import socket
from asyncio import base_events


def answer_at_once() -> None:
    """Have asyncio's connections send what is written, however small (TCP_NODELAY).

    asyncio asks for it only where the listening socket was made with its protocol spelt out, and Streamlit's is not:
    then the body of an answer waits about 40 ms for the browser to acknowledge the head, at every picture and message.
    """
    if hasattr(base_events, "_set_nodelay"):
        base_events._set_nodelay = _set_nodelay


def _set_nodelay(connection: socket.socket) -> None:
    if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
