"""Pictures beneath the map, from a server of the centre's choice; without one no address is ever named."""

from urllib.parse import urlsplit

from console.map_plane import Plane, Tile

POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'"


def content_policy(tile_url: str) -> str:
    """The Content-Security-Policy: pictures of another server are let in only if it is named."""
    address = urlsplit(tile_url)
    return f"{POLICY}; img-src 'self' {address.scheme}://{address.netloc}" if address.netloc else POLICY


def pictures(plane: Plane, tile_url: str) -> list[tuple[Tile, str]]:
    """The tiles of a drawing, each with its address; none if no server is named."""
    if not tile_url:
        return []
    return [(tile, _address(tile_url, tile)) for tile in plane.tiles()]


def _address(tile_url: str, tile: Tile) -> str:
    parts = {"{z}": tile.z, "{x}": tile.x, "{y}": tile.y}
    for part, number in parts.items():
        tile_url = tile_url.replace(part, str(number))
    return tile_url
