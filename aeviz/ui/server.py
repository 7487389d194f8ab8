"""What the server answers besides the pages: frames of runs, a live socket for each, and published artefacts."""

import asyncio
import contextlib
import importlib
import json
import os
import pkgutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from aeviz.errors import AevizError
from aeviz.runs.crew import at_work
from aeviz.runs.store import Store
from aeviz.ui.artefacts import published
from aeviz.ui.broadcast import Channel, Viewer, channel_of


def store_folder() -> Path:
    """Where runs are kept: `AEVIZ_STORE`, else the folder `store` beside the app."""
    return Path(os.environ.get("AEVIZ_STORE", "store")).absolute()


def store() -> Store:
    """The store of this server.

    Raises:
        StoreError: its folder cannot be used.
    """
    return Store(store_folder())


@contextlib.asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Start the workers with the server and stop them with it."""
    # The pages need torch and plotly; imported now they would delay the first page, and on demand the first click.
    warming = threading.Timer(2.0, _warm)
    warming.daemon = True
    warming.start()
    async with at_work(store_folder()):
        yield {}
    warming.cancel()


def routes() -> list[BaseRoute]:
    """All routes below /aeviz."""
    return [
        Route("/aeviz/health", _health),
        Route("/aeviz/runs/{run}/scene", _scene),
        Route("/aeviz/runs/{run}/frames/{step:int}", _frame),
        Route("/aeviz/runs/{run}/decoder", _decoder),
        Route("/aeviz/artefacts/{name}", _artefact),
        WebSocketRoute("/aeviz/runs/{run}/live", _live),
    ]


def _warm() -> None:
    """Import what pages need when they are first opened, and let torch do once what it does at its first optimizer."""
    import plotly.graph_objects  # noqa: F401
    import torch

    import aeviz.runs.opened
    import aeviz.views

    # A second thread here would only take turns with the workers.
    torch.set_num_threads(1)
    for module in pkgutil.iter_modules(aeviz.views.__path__, "aeviz.views."):
        importlib.import_module(module.name)
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])  # geodesics are searched in this process


def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok", "runs": store().counts()})


def _scene(request: Request) -> Response:
    return _file(request.path_params["run"], "scene.safetensors")


def _frame(request: Request) -> Response:
    return _file(request.path_params["run"], f"frames/{request.path_params['step']:08d}.safetensors")


def _file(run: str, name: str) -> Response:
    try:
        data = (store().path(run) / name).read_bytes()
    except (AevizError, OSError):
        return JSONResponse({"message": "There is no such run or frame here."}, status_code=404)
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})


def _decoder(request: Request) -> Response:
    """The decoder of a run with the weights that were written last, for pages that follow it."""
    from aeviz.runs.opened import open_run
    from aeviz.ui.decoders import FEWER_REFERENCES, decoder_file

    try:
        opened = open_run(store(), request.path_params["run"])
    except AevizError as error:
        return JSONResponse({"message": str(error)}, status_code=404)
    stamp = f'"{opened.run.id}-{opened.step}"'
    headers = {"Cache-Control": "no-cache", "ETag": stamp}
    if request.headers.get("if-none-match") == stamp:
        return Response(status_code=304, headers=headers)
    data = decoder_file(opened, most=FEWER_REFERENCES)
    if data is None:
        return JSONResponse({"message": "A page cannot decode by itself here."}, status_code=404)
    return Response(data, media_type="application/octet-stream", headers=headers)


def _artefact(request: Request) -> Response:
    data = published(request.path_params["name"])
    if data is None:
        return JSONResponse({"message": "This picture is no longer kept. Reload the page."}, status_code=404)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(data, media_type="application/octet-stream", headers=headers)


async def _live(websocket: WebSocket) -> None:
    """Tell one viewer what happens to a run, until it ends or the viewer leaves."""
    origin = websocket.headers.get("origin")
    if origin and urlsplit(origin).netloc != websocket.headers.get("host"):
        await websocket.close(code=1008, reason="Another site may not watch.")
        return
    await websocket.accept()
    # A viewer who leaves is noticed by listening: a paused run has nothing to send, perhaps for days.
    telling = asyncio.create_task(_tell(websocket))
    leaving = asyncio.create_task(_left(websocket))
    done, pending = await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()


async def _left(websocket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.receive_text()


async def _tell(websocket: WebSocket) -> None:
    """What happens to the run; with `?stored` no live frames, which the worker then need not make."""
    run, live = websocket.path_params["run"], "stored" not in websocket.query_params
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        try:
            async with channel_of(store(), run, live) as channel:
                await _tell_news(websocket, channel)
        except AevizError as error:
            await websocket.send_text(json.dumps({"status": "failed", "message": str(error), "rows": [], "frames": []}))
        await websocket.close()


async def _tell_news(websocket: WebSocket, channel: Channel) -> None:
    """Send what is new until nothing more will come."""
    viewer = Viewer()
    while True:
        changed, ended = channel.changed, channel.feed.ended
        if channel.problem:
            raise channel.problem
        if channel.feed.state:  # it has been looked at
            text, frame = viewer.news(channel.feed)
            if frame:  # before the words, so that a page which says "paused" shows where
                await websocket.send_bytes(frame)
            if text:
                await websocket.send_text(text)
        if ended:
            return
        await changed.wait()
