"""A headless Chromium driven over its DevTools protocol, with nothing but aiohttp.

async with browsing(CHROMIUM, profile, http_client) as page:
    await page.open(url)
    await page.until("document.title === 'Ready'")
"""

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from muster_runtime.testing.waiting import eventually

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome", "chrome") if (found := shutil.which(name))),
    None,
)
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # containers have no user namespaces
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--remote-debugging-port=0",
)


class Tab:
    """One tab. Whatever its console or its security policy complained about is in `complaints`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.complaints: list[str] = []
        self.requested: list[str] = []

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            message = json.loads((await asyncio.wait_for(self._socket.receive(), 60)).data)
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])
            case _:
                pass

    async def prepare(self) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.send(f"{domain}.enable")

    async def open(self, url: str) -> None:
        """Go to an address; `until` waits for what it shows."""
        await self.send("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        """Return what an expression is in the page."""
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait for an expression to be true in the page, and return it."""

        async def ask() -> Any:
            return await self.value(
                f"(() => {{ try {{ const v = {expression}; return v instanceof Node || v; }}"
                " catch { return null; } })()"
            )

        return await eventually(ask, within_s=60)

    async def text(self, selector: str = "main") -> str:
        """Return the text of the first element that fits."""
        return str(await self.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    async def press(self, key: str, code: int = 0) -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            await self.send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)

    async def size(self, width: int, height: int, *, dark: bool = False, mobile: bool = False) -> None:
        """Set the size of the window and the reader's colour scheme."""
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def screenshot(self, path: Path) -> None:
        """Write what is visible to a PNG file."""
        answer = await self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))


@asynccontextmanager
async def browsing(program: str, profile: Path, http: aiohttp.ClientSession) -> AsyncIterator[Tab]:
    """Run a browser with one tab, and end it."""
    process = await asyncio.create_subprocess_exec(
        program,
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await eventually(_port_in(profile), within_s=60)
        # The browser listens before it has its tab.
        address = await eventually(_page_at(http, port), within_s=60)
        async with http.ws_connect(address, max_msg_size=0) as socket:
            tab = Tab(socket)
            await tab.prepare()
            yield tab
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _port_in(profile: Path) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        written = profile / "DevToolsActivePort"
        # Port and path: the file is there before its two lines are.
        lines = written.read_text().splitlines() if written.exists() else []
        return lines[0] if len(lines) == 2 else ""

    return ask


def _page_at(http: aiohttp.ClientSession, port: str) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        async with http.get(f"http://127.0.0.1:{port}/json/list") as answer:
            tabs = await answer.json(content_type=None)
        return next((str(one["webSocketDebuggerUrl"]) for one in tabs if one["type"] == "page"), "")

    return ask
