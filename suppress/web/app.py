"""Turn a service into an ASGI application."""

import prometheus_client
import uvicorn
from fastapi import FastAPI
from starlette.responses import Response

__all__ = ["FastAPI", "Response", "prometheus_client", "uvicorn"]
