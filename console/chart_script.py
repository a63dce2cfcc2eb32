"""The chart script as a static file: of one version for ever, gzipped for whoever takes it."""

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from console.access import Route
from console.chart_bundle import compressed, is_made
from console.desk import Desk


def chart_script_routes(desk: Desk) -> list[Route]:
    """The address of this room; it is open."""

    def chart_script(request: Request, version: str) -> Response:
        bundle = desk.bundle
        if bundle.name != f"vega-{version}.js" or not is_made(bundle):
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return FileResponse(compressed(bundle), headers=headers, media_type="text/javascript")
        return FileResponse(bundle, headers=headers, media_type="text/javascript")

    return [Route("/static/vega-{version}.js", chart_script, None)]
