"""Words that project generators write, which say nothing of the app."""

from __future__ import annotations

import re

from layers_mcp.sandbox.clean import words

__all__ = ["NAME", "own_copy", "own_name"]

NAME = 60
"""Characters of a name that are kept."""
_WORDS_AT_MOST = 7
_NAMES = words(
    "my-app my-next-app next-app create-next-app vite-project vite-app vite-react vite-react-ts react-app create-react-app cra my-expo-app",
    "helloworld hello-world hellocordova awesomeproject myapp my-project my-new-project example sample demo test app apps web website",
    "site mobile frontend front-end client server backend api monorepo workspace root main index home homepage runner flutter-app",
    "my-flutter-app flutter-application flutter-demo untitled project template starter boilerplate blank expo-app expo-template-default",
    "my-application application android ios package readme docs documentation app-name your-app your-app-name welcome introduction",
    "getting-started overview about table-of-contents contents installation features landing landing-page marketing new-project",
    "react-native-app reactnativeproject nextjs-app angular-app vue-app svelte-app sveltekit-app vue-project vite-svelte nuxt-app",
    "expo-template-bare-minimum expo-template-blank nuxt-minimal-starter bare-expo capacitor-app ionic-app starter-app changelog license",
    "document untitled-document vite-react-typescript vite-vue vite-vue-ts angular your-project project-name app-web app-mobile",
)
_GENERATED = re.compile(
    r"bootstrapped (?:with|using)|generated (?:by|with|using)|create[- ]next[- ]app|create[- ]react[- ]app|create-expo-app|create[- ]vite"
    r"|this template (?:provides|should)|a new flutter (?:project|application|app)|new flutter (?:project|application)"
    r"|starting point for a (?:flutter|dart)|react \+ vite|vite \+ (?:react|vue|svelte)|react \+ typescript \+ vite"
    r"|welcome to your (?:new )?"
    r"|this is (?:a|an) (?:new )?(?:\[?\**(?:next\.js|expo|react native|flutter|nuxt|vue|angular|svelte|vite)\b)"
    r"|everything you need to build a svelte|minimal starter|look at the \S+ documentation|sample apache cordova"
    r"|responds to the deviceready"
    r"|description of (?:the|your) (?:app|project)|lorem ipsum|your (?:app|project) description|getting started with"
    r"|\b(?:project|this|native|starter) template\b|template (?:is|includes|provides)|a (?:starter|boilerplate|template) (?:for|project)"
    r"|todo:|insert (?:description|tagline)",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"[${}<>%]|@(?![\w.-]+/)|\b__\w+__\b|\\\(")
_NOT_A_NAME = re.compile(
    r"^(?:vite|react|next|vue|svelte|angular|nuxt|expo|flutter)(?:\.js)?(?:(?: \+)?[ -]\w+)*[ -](?:app|project|starter|template)$"
    r"|\b(?:is|are)\b|!!|^hello ?(?:app|world)",
    re.IGNORECASE,
)


def own_name(name: str | None) -> str | None:
    """The name when a person gave it, None for a generator's or a build variable."""
    if not name or _VARIABLE.search(name) or _NOT_A_NAME.search(name.strip()):
        return None
    slug = re.sub(r"[\s_]+", "-", name.strip().lower().removeprefix("@").rpartition("/")[2])
    return None if slug in _NAMES or len(name.split()) > _WORDS_AT_MOST or len(name) > NAME or _GENERATED.search(name) else name.strip()


def own_copy(text: str | None) -> str | None:
    """The sentence when a person wrote it, None for a generator's."""
    return None if not text or _GENERATED.search(text) else text
