"""Auto-pilot engagement: a first comment under each post, and answers to comments, as Layers writes them by itself."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, SocialPlatform, SocialPlatforms

__all__ = [
    "DELAY", "GET", "UPDATE", "Engagement", "FirstComment", "FirstCommentChange", "GetEngagement", "ReplyToComments",
    "ReplyToCommentsChange", "Strategy", "Tone", "UpdateEngagement",
]  # fmt: skip

DELAY: Final = "PT3M"
"""How long a reply waits when nobody says otherwise (layers-api: reference/engagement)."""
_DURATION = re.compile(r"PT(?=\d)(?:(\d{1,2})H)?(?:(\d{1,3})M)?(?:(\d{1,4})S)?")
_LEAST_S, _MOST_S = 30, 3600
Strategy = Literal["literal", "generated"]
Tone = Literal["authentic", "witty", "professional", "warm", "casual", "educational"]


def _within(given: str) -> str:
    found = _DURATION.fullmatch(given)
    seconds = sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True)) if found else 0
    if not _LEAST_S <= seconds <= _MOST_S:
        message = "must be an ISO 8601 duration from PT30S to PT1H, like PT3M"
        raise ValueError(message)
    return given


Delay = Annotated[str, AfterValidator(_within)]
Template = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Change(Request):
    """A block of which some fields change; none can be emptied."""

    @model_validator(mode="after")
    def _never_null(self) -> _Change:
        empty = next((name for name in type(self).model_fields if name in self.model_fields_set and getattr(self, name) is None), None)
        if empty is not None:
            message = f"{type(self).model_fields[empty].alias} can't be null; leave it out to keep it"
            raise ValueError(message)
        return self


class FirstCommentChange(_Change):
    """`literal`: the template is posted as it stands; `generated`: it is an example of style."""

    targets: SocialPlatforms | None = None
    comment_template: Template | None = None
    strategy: Strategy | None = None


class ReplyToCommentsChange(_Change):
    """Which comments are answered, when and how. The bounds of the last three are ours (`drift`)."""

    targets: SocialPlatforms | None = None
    auto_reply_delay: Delay | None = None
    tone: Tone | None = None
    max_per_post_per_hour: int | None = Field(default=None, ge=1, le=1000)
    ignore_comments_matching: tuple[Pattern, ...] | None = Field(default=None, max_length=50)
    escalate_negative_sentiment: bool | None = None


class UpdateEngagement(Request):
    """The fields to change, at least one; blocks are merged field by field. `project_layer_id`: only where there are several layers."""

    project_id: Id
    project_layer_id: Id | None = None
    enabled: bool | None = None
    first_comment: FirstCommentChange | None = None
    reply_to_comments: ReplyToCommentsChange | None = None

    @field_validator("enabled", "first_comment", "reply_to_comments")
    @classmethod
    def _never_empty(cls, given: object) -> object:
        if given is None:
            message = "can't be null; leave it out to keep it"
            raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _something(self) -> UpdateEngagement:
        if not self.model_fields_set & {"enabled", "first_comment", "reply_to_comments"}:
            message = "nothing to change; give enabled, firstComment or replyToComments"
            raise ValueError(message)
        return self


class FirstComment(Reply):
    """What Layers writes under a post by itself."""

    targets: tuple[SocialPlatform, ...] = ()
    comment_template: str = ""
    strategy: str | None = None


class ReplyToComments(Reply):
    """What Layers answers by itself."""

    targets: tuple[SocialPlatform, ...] = ()
    auto_reply_delay: str = DELAY
    tone: str | None = None
    max_per_post_per_hour: int | None = None
    ignore_comments_matching: tuple[str, ...] | None = None
    escalate_negative_sentiment: bool | None = None


class Engagement(Reply):
    """How engagement is set; off until somebody turns it on, and a change holds from the next post on."""

    project_layer_id: str | None = None
    enabled: bool = False
    first_comment: FirstComment = Field(default_factory=FirstComment)
    reply_to_comments: ReplyToComments = Field(default_factory=ReplyToComments)


class GetEngagement(Request):
    """The engagement of one project."""

    project_id: Id


_ROOT = "/v1/projects/{projectId}/engagement"
GET: Endpoint[GetEngagement, Engagement] = Endpoint(
    method="GET",
    path=_ROOT,
    request=GetEngagement,
    reply=Engagement,
    scope="engagement:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/engagement",
)
UPDATE: Endpoint[UpdateEngagement, Engagement] = Endpoint(
    method="PATCH",
    path=_ROOT,
    request=UpdateEngagement,
    reply=Engagement,
    scope="engagement:write",
    rate="write-light",
    keyed=True,
    source="layers-api: PATCH /v1/projects/:projectId/engagement",
)
