"""Influencers: the synthetic ambassadors that voice a project's content."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.scalars import Id, Language, Utc

__all__ = [
    "CLONE",
    "CREATE",
    "DELETE",
    "GET",
    "KIND",
    "LIST",
    "STAGES",
    "UPDATE",
    "CloneInfluencer",
    "CreateInfluencer",
    "DeleteInfluencer",
    "DeletedInfluencer",
    "GetInfluencer",
    "Influencer",
    "InfluencerOverrides",
    "InfluencerPage",
    "InfluencerStatus",
    "ListInfluencers",
    "UpdateInfluencer",
]

KIND = "influencer_create"
"""The kind of the job that makes one (layers-api: influencers)."""
STAGES = ("queued", "drawing", "finalizing")
"""Its stages; ours but for the first (`drift`)."""
InfluencerStatus = Literal["draft", "pending", "training", "ready", "failed"]
Gender = Literal["male", "female", "non_binary"]
AgeRange = Literal["teen", "young_adult", "adult", "mid_adult", "mature", "senior"]
Voice = Literal["authentic", "witty", "professional", "warm", "casual", "educational"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]
_PATH = "/v1/influencers/{influencerId}"


class Influencer(Reply):
    """One ambassador (seed 004, "Select an influencer")."""

    influencer_id: str
    project_id: str | None = None
    name: str
    gender: str | None = None
    age_range: str | None = None
    brand_voice: str | None = None
    language: str | None = None
    status: InfluencerStatus
    image_url: str | None = None
    error_message: str | None = None
    created_at: Utc | None = None
    updated_at: Utc | None = None


class ListInfluencers(Request):
    """A page of a project's influencers, newest first; `limit` 1 to 100."""

    project_id: Id
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)
    status: InfluencerStatus | None = None


class InfluencerPage(Reply):
    """A page of influencers."""

    items: tuple[Influencer, ...]
    next_cursor: str | None = None


class GetInfluencer(Request):
    """One influencer."""

    influencer_id: Id


class CreateInfluencer(Request):
    """What a new one should be like; what is left out comes from the project. `prompt`: a hint for the eye, at most 60 letters."""

    project_id: Id
    gender: Gender | None = None
    age_range: AgeRange | None = None
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None


class UpdateInfluencer(Request):
    """The fields to change, at least one; only `age_range` can be emptied."""

    influencer_id: Id
    name: Name | None = None
    gender: Gender | None = None
    age_range: AgeRange | None = None
    brand_voice: Voice | None = None
    language: Language | None = None

    @field_validator("name", "gender", "brand_voice", "language")
    @classmethod
    def _never_empty(cls, given: object) -> object:
        if given is None:
            message = "can't be null; leave it out to keep it"
            raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _something(self) -> UpdateInfluencer:
        if not self.model_fields_set - {"influencer_id"}:
            message = "nothing to change; give name, gender, ageRange, brandVoice or language"
            raise ValueError(message)
        return self


class InfluencerOverrides(Request):
    """What a clone has otherwise than its source."""

    gender: Gender | None = None
    age_range: AgeRange | None = None
    brand_voice: Voice | None = None
    language: Language | None = None


class CloneInfluencer(Request):
    """A new one of the same project, by its source's looks."""

    influencer_id: Id
    name: Name
    overrides: InfluencerOverrides | None = None


class DeleteInfluencer(Request):
    """The one to delete; what it voices already stays as it is."""

    influencer_id: Id
    reason: Annotated[str, StringConstraints(max_length=1024)] | None = None


class DeletedInfluencer(Reply):
    """One that is gone for good."""

    influencer_id: str
    status: Literal["deleted"]
    deleted_at: Utc


LIST: Endpoint[ListInfluencers, InfluencerPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/influencers",
    request=ListInfluencers,
    reply=InfluencerPage,
    scope="projects:read",
    rate="read-light",
    source="seed 004, step 5",
)
GET: Endpoint[GetInfluencer, Influencer] = Endpoint(
    method="GET",
    path=_PATH,
    request=GetInfluencer,
    reply=Influencer,
    scope="influencers:write",
    rate="read-light",
    source="layers-api: GET /v1/influencers/:influencerId",
)
CREATE: Endpoint[CreateInfluencer, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/influencers",
    request=CreateInfluencer,
    reply=Accepted,
    scope="influencers:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    source="layers-api: POST /v1/projects/:projectId/influencers",
)
UPDATE: Endpoint[UpdateInfluencer, Influencer] = Endpoint(
    method="PATCH",
    path=_PATH,
    request=UpdateInfluencer,
    reply=Influencer,
    scope="influencers:write",
    rate="write-light",
    source="layers-api: PATCH /v1/influencers/:influencerId",
)
CLONE: Endpoint[CloneInfluencer, Accepted] = Endpoint(
    method="POST",
    path=f"{_PATH}/clone",
    request=CloneInfluencer,
    reply=Accepted,
    scope="influencers:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("CONFLICT",),
    source="layers-api: POST /v1/influencers/:influencerId/clone",
)
DELETE: Endpoint[DeleteInfluencer, DeletedInfluencer] = Endpoint(
    method="DELETE",
    path=_PATH,
    request=DeleteInfluencer,
    reply=DeletedInfluencer,
    scope="influencers:write",
    rate="write-light",
    source="layers-api: DELETE /v1/influencers/:influencerId",
)
