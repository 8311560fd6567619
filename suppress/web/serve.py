"""Run the application in worker processes: listen, start them, hand signals on, end when they have ended."""

import gc
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from suppress.stores.database import Database
from suppress.web.guard import Guard
from suppress.web.logs import log_config
from suppress.web.metrics import FOLDER_VARIABLE
from suppress.web.packets import OnePacketProtocol
from suppress.web.worker import WorkerOptions, rules_of, worker_app

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own there
"""Where figures are shared, if it is there: mapped from a disk, counting a request waits at times until the disk has
written the page before, and holds up the whole worker meanwhile."""
KEEP_ALIVE_S: Final = 75
GRACE_S: Final = 30
"""How long requests under way may take to be answered once the service is told to end."""
SIGN_OF_LIFE_S: Final = 30
"""A worker that gives none for so long is replaced. One that starts gives none until everything is read in, which on a
busy machine takes longer than uvicorn's 5 s: then it would be replaced by the next one for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """`trusted_proxies`: whose X-Forwarded-For is believed, comma-separated. `log_requests`: a line for each one."""

    worker: WorkerOptions
    host: str
    port: int
    workers: int
    log_format: str = "json"
    log_requests: bool = True
    trusted_proxies: str = "127.0.0.1"


class Supervisor(Multiprocess):
    """Starts workers, and others in the place of those that end. One that was killed is known to be gone at once.

    uvicorn asks a worker for a sign of life through a pipe whose other end it holds open itself: asked just before it
    is killed, a worker would be waited for until the time for the sign is over.
    """

    def init_processes(self) -> None:
        """Start all."""
        super().init_processes()
        self._let_go()

    def keep_subprocess_alive(self) -> None:
        """Start others where some have ended."""
        super().keep_subprocess_alive()
        self._let_go()

    def terminate_all(self) -> None:
        """Tell all to end. They stop listening, and so does this process.

        As long as one process holds the address open the system goes on taking connections, which nobody answers any
        more and which are cut off in the end. Refused, a caller knows at once that it was not heard.
        """
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def _let_go(self) -> None:
        for process in self.processes:
            process.child_conn.close()


def rules_told(options: WorkerOptions) -> str:
    """Looks, before anything is started, whether there are rules and a database to serve with; which rules these are.

    Raises SuppressError.
    """
    with Database.open(options.settings.database) as database:
        rules = rules_of(options, database)
        rules.mark()
        compiled = rules.load()
    number = "" if compiled.version is None else f" version {compiled.version}"
    where = f"the folder {options.settings.rules}" if compiled.version is None else "what is published"
    return f"{compiled.name}{number} from {where}"


def serve(options: ServeOptions) -> None:
    """Serve until a signal ends it. Requests under way are answered first, and the decision log is written out."""
    folder = None
    if options.workers > 1 and not os.environ.get(FOLDER_VARIABLE):
        folder = Path(tempfile.mkdtemp(prefix="suppress-metrics-", dir=_figures_folder()))
        os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        _run(options)
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _figures_folder() -> Path | None:
    return IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None


def _settled_app(options: WorkerOptions) -> Guard:
    app = worker_app(options)
    # What was read in stays: looked through for garbage now and then, it would hold up every answer for a tenth of a
    # second.
    gc.collect()
    gc.freeze()
    return app


def _run(options: ServeOptions) -> None:
    config = Config(
        partial(_settled_app, options.worker),
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
        loop="uvloop" if find_spec("uvloop") else "asyncio",
        http=OnePacketProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        log_config=log_config(options.log_format, requests=options.log_requests),
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=SIGN_OF_LIFE_S,
        forwarded_allow_ips=options.trusted_proxies,
    )
    socket = config.bind_socket()
    try:
        if options.workers > 1:
            Supervisor(config, [socket]).run()
        else:
            server = Server(config)
            server.run([socket])
            if not server.started:
                sys.exit(1)
    finally:
        socket.close()
