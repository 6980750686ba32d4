"""What one reading of the web is asked to do, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from layers_mcp.contract.app_media import MediaKind
from layers_mcp.sandbox.child.trouble import Workshop
from layers_mcp.sandbox.repository.errand import Brand, LogoFile
from layers_mcp.sandbox.web.sites import Site

__all__ = [
    "ASKED",
    "FETCHING",
    "LISTING",
    "READ",
    "READING",
    "Listing",
    "ListingErrand",
    "MediaErrand",
    "MediaFile",
    "Outcome",
    "PostErrand",
    "PostFiles",
    "SiteErrand",
    "merged",
]

_Line = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteErrand(_Frozen):
    """A website to read: the page at `url`, and with `follow_links` pages of the same host that it links to, `most_pages` in all."""

    work: Literal["website"] = "website"
    url: _Line
    follow_links: bool
    most_pages: Annotated[int, Field(ge=1, le=25)]
    sites: tuple[Site, ...]


class Listing(_Frozen):
    """One app in one store; `app`: its bundle id or number at Apple, its package at Google. `field`: the argument that named it."""

    store: Literal["apple", "google"]
    app: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,150}$")]
    field: str

    @property
    def key(self) -> str:
        """What tells it from every other app."""
        return f"{self.store}:{self.app.lower()}"


class ListingErrand(_Frozen):
    """Listings of one app to read in the store of one country, the first one believed first."""

    work: Literal["listing"] = "listing"
    listings: Annotated[tuple[Listing, ...], Field(min_length=1, max_length=3)]
    country: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    sites: tuple[Site, ...]


class MediaErrand(_Frozen):
    """A file to fetch into `folder`, which must be there, as `stem` with the ending of what it is."""

    work: Literal["media"] = "media"
    url: _Line
    kind: MediaKind | Literal["post"]
    folder: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    stem: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,80}$")]
    sites: tuple[Site, ...]


class Outcome(_Frozen):
    """What was found on the pages or in the listings; `pages`: how many were read."""

    brand: Brand
    logo: LogoFile | None
    pages: int


def merged(found: Sequence[Outcome]) -> Outcome:
    """What several readings of one app say: field by field the first one's word, and the first one's logo."""
    brands = [one.brand for one in found]
    whole = {field: next((said for brand in brands if (said := getattr(brand, field))), empty) for field, empty in Brand()}
    logo = next((one.logo for one in found if one.logo is not None), None)
    return Outcome(brand=Brand.model_validate(whole), logo=logo, pages=sum(one.pages for one in found))


class MediaFile(_Frozen):
    """A file in the folder, its type as its bytes say, its size in bytes."""

    name: str
    mime: str
    size: int


class PostErrand(_Frozen):
    """The files of one post, each fetched by itself."""

    files: Annotated[tuple[MediaErrand, ...], Field(min_length=1, max_length=10)]


class PostFiles(_Frozen):
    """All of them, in the same order."""

    files: tuple[MediaFile, ...]


READ: TypeAdapter[SiteErrand | ListingErrand] = TypeAdapter(SiteErrand | ListingErrand)
"""What a job may leave to be read."""
ASKED: TypeAdapter[SiteErrand | ListingErrand | MediaErrand] = TypeAdapter(
    Annotated[SiteErrand | ListingErrand | MediaErrand, Field(discriminator="work")]
)
"""What a child may be asked to do."""
_MODULE = "layers_mcp.sandbox.web"

READING = Workshop(
    module=_MODULE, outcome=Outcome, doing="the reading of the page", advice="give the address of a plainer one", field="url"
)
"""How pages are read."""
LISTING = Workshop(
    module=_MODULE,
    outcome=Outcome,
    doing="the reading of the listing",
    advice="try again later, or read the customer's website instead",
    field="iosBundleId",
)
"""How a listing is read; its own field is the listing's."""
FETCHING = Workshop(
    module=_MODULE, outcome=MediaFile, doing="the fetching of the file", advice="give the address of a smaller one", field="url"
)
"""How files are fetched."""
