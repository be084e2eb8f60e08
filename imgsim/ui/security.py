"""Who may talk to the app, and what its pages may load: nothing from outside.

Streamlit needs inline scripts and styles and `eval`; what the policy does hold is that no picture, font, script or
connection ever goes to another host, whatever a file name or a caption contains.
"""

from __future__ import annotations

import os
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")


def middleware() -> list[Middleware]:
    """For `st.App`."""
    return [Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts()), Middleware(SecurityHeaders)]


def allowed_hosts() -> list[str]:
    """This machine, and the names in IMGSIM_ALLOWED_HOSTS (comma separated) for those who serve others.

    A page of another site that points its own name at 127.0.0.1 (DNS rebinding) is refused.
    """
    extra = os.environ.get("IMGSIM_ALLOWED_HOSTS", "")
    return [*LOCAL, *(name.strip() for name in extra.split(",") if name.strip())]


def policy(host: str) -> str:
    """The content security policy of a page that was asked for at `host`."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    rules = {
        "default-src": "'self'",
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": f"'self' data: blob:{sockets}",
        "worker-src": "'self' blob:",
        "frame-src": "'self' data: blob:",
        "frame-ancestors": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class SecurityHeaders:
    """Middleware that puts the headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy(Headers(scope=scope).get("host", ""))
                headers["Referrer-Policy"] = "no-referrer"
                headers["X-Frame-Options"] = "SAMEORIGIN"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                del headers["Access-Control-Allow-Origin"]  # Streamlit's static files say "*"
            await send(message)

        await self.app(scope, receive, with_headers)
