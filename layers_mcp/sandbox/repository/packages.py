"""What is installed on each stack.

The npm names and their `init()` are Layers' own (developers.layers.com/docs/sdk/overview and /initialization, npm `@layers/expo`), so
are the Swift package (its install-spec page) and the Flutter plugin (pub.dev `layers_flutter`). The pod, the Maven coordinates, the
versions not named there, and the calls on Flutter and Android are this sandbox's choice: Layers has not published them.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANDROID", "ENDPOINT", "EXPO", "FLUTTER", "POD", "REACT_NATIVE", "SWIFT", "WEB", "Package", "needed"]

ENDPOINT = "https://in.layers.com/l/events"
"""Where the SDK sends events (layers-api: SDK app object, `ingestEndpoint`)."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package as its manager names it, the version that is written, and where it is fetched from when that is not a registry."""

    name: str
    version: str
    url: str = ""


WEB = Package("@layers/client", "2.2.0")
REACT_NATIVE = Package("@layers/react-native", "2.2.0")
EXPO = Package("@layers/expo", "2.2.0")
FLUTTER = Package("layers_flutter", "1.0.0")
SWIFT = Package("Layers", "1.4.0", "https://github.com/layers-os/layers-sdk-ios")
POD = Package("LayersSDK", "1.4.0")
ANDROID = Package("com.layers:sdk", "1.0.0")
_NEEDED = {"ios": (SWIFT,), "android": (ANDROID,), "flutter": (FLUTTER,), "react-native": (REACT_NATIVE,), "expo": (EXPO, REACT_NATIVE)}


def needed(platform: str) -> tuple[Package, ...]:
    """The packages that an app of this stack is given; what runs in a browser is given one and the same."""
    return _NEEDED.get(platform, (WEB,))
