"""`/` and `/docs`: what a person sees who opens the address in a browser."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from daemon import apipage


def router() -> APIRouter:
    """The routes; they need no token, and tell nothing of the vault."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def start() -> RedirectResponse:
        return RedirectResponse("/docs")

    @routes.get("/docs")
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(apipage.page(request.app.openapi()), headers={"Content-Security-Policy": apipage.SECURITY})

    return routes
