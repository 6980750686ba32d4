"""An API of either edition is understood: newer words are read as the seeds' words."""

from __future__ import annotations

import pytest

from layers_mcp.contract.content import Container
from layers_mcp.contract.publishing import ScheduledPost, Target


@pytest.mark.parametrize(
    ("newer", "ours"),
    [("video-remix", "video_remix"), ("slideshow-builder", "slideshow_remix"), ("ugc-remix", "ugc_remix"), ("auto", "auto")],
)
def test_a_container_of_the_newer_pages_is_read(newer, ours):
    """Layers-api, concepts §15: `processing` and formats with hyphens."""
    one = Container.model_validate({"id": "cnt_1", "status": "processing", "approvalStatus": "pending", "format": newer})

    assert (one.status, one.format) == ("generating", ours)


@pytest.mark.parametrize(("newer", "ours"), [("publish", "direct_publish"), ("draft", "draft_to_device"), ("managed", "direct_publish")])
def test_a_post_of_the_newer_pages_is_read(newer, ours):
    """Layers-api, concepts §20: modes publish, draft, managed; a post's own status `draft` is another word and stays."""
    post = ScheduledPost.model_validate({"id": "sp_1", "status": "draft", "mode": newer})

    assert (post.status, post.mode) == ("draft", ours)


def test_what_goes_out_is_in_the_seeds_words():
    """Design §2: the client sends the seed's form."""
    assert Target.model_validate({"socialAccountId": "sa_1", "mode": "publish"}).model_dump(by_alias=True)["mode"] == "direct_publish"
