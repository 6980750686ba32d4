"""Resources over real stdio: listed, read with their pictures, completed; and refused in the protocol's own words."""

from __future__ import annotations

import json

SAMPLE = {"format": "slideshow_remix", "hook": "Skip the line.", "waitSeconds": 60}


def test_a_client_reads_lists_and_completes_resources(serve):
    """Issue 8: one container with its media as a blob; templates with completions; prompts are completed, too."""
    wire = serve()
    project = wire.call("create_project", {"name": "Quinns Coffee Co"})["result"]["project"]["id"]
    post = wire.call("generate_content", {"projectId": project, **SAMPLE})["result"]["containerIds"][0]

    listed = [one["uri"] for one in wire.request("resources/list")["result"]["resources"]]
    templates = [one["uriTemplate"] for one in wire.request("resources/templates/list")["result"]["resourceTemplates"]]
    contents = wire.request("resources/read", {"uri": f"layers://content/{post}"})["result"]["contents"]
    answers = [
        wire.request("completion/complete", {"ref": ref, "argument": {"name": "projectId", "value": project[:8]}})["result"]
        for ref in (
            {"type": "ref/resource", "uri": "layers://projects/{projectId}"},
            {"type": "ref/prompt", "name": "daily_review"},
            {"type": "ref/resource", "uri": "layers://nothing/{projectId}"},
            {"type": "ref/prompt", "name": "no_such_prompt"},
        )
    ]

    assert listed == ["layers://account", "layers://projects", "layers://trail", "layers://api", "layers://drift"]
    assert "layers://projects/{projectId}/content{?cursor}" in templates
    assert not any(one.startswith(("layers://runs", "layers://questions")) for one in [*listed, *templates])
    assert json.loads(contents[0]["text"])["result"]["container"]["id"] == post
    assert (contents[1]["mimeType"], len(contents[1]["blob"]) > 1000) == ("image/jpeg", True)
    assert [one["completion"]["values"] == [project] for one in answers] == [True, True, False, False]


def test_a_resource_that_is_not_there_is_an_error_with_its_address(serve):
    """Issue 8: -32602 with data.uri; so is one whose tool is not shown, and one that Layers does not know."""
    wire = serve(LAYERS_TOOLS="all", LAYERS_EXCLUDE_TOOLS="explain_decision,read_resource")

    for uri in ("layers://nothing", "layers://projects/prj_1/decisions", "layers://trail", "layers://jobs/job_nobody"):
        error = wire.request("resources/read", {"uri": uri})["error"]

        assert (error["code"], error["data"]) == (-32602, {"uri": uri})
