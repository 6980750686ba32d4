"""Where telemetry goes: spans to an OpenTelemetry collector, measures to whoever reads `/metrics`. Both need an extra."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

__all__ = ["PROMETHEUS", "export_spans", "metrics_reader", "wants_spans"]

PROMETHEUS: Final = "layers-mcp[prometheus]"
_OTEL: Final = "layers-mcp[otel]"
_WHERE: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""OpenTelemetry's own names, as its SDK reads them with whatever else stands beside them (headers, sampling, the name of the service)."""
_DISABLED: Final = "OTEL_SDK_DISABLED"


def wants_spans(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a collector."""
    disabled = environment.get(_DISABLED, "").strip().lower() == "true"
    return not disabled and any(environment.get(name, "").strip() for name in _WHERE)


def export_spans() -> str | None:
    """Send spans to the collector that the environment names; why not, when the extra for it is not installed."""
    try:
        from opentelemetry import trace  # noqa: PLC0415  an extra, and heavy
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        return f"a collector is named in the environment, and spans need an extra: pip install '{_OTEL}'; none are sent"
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "layers-mcp"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return None


def metrics_reader() -> Callable[[], bytes] | None:
    """Start measuring; what gives the measures in Prometheus' text format, or None when the extra for it is not installed."""
    try:
        from opentelemetry import metrics  # noqa: PLC0415  an extra, and heavy
        from opentelemetry.exporter.prometheus import PrometheusMetricReader  # noqa: PLC0415
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from prometheus_client import REGISTRY, generate_latest  # noqa: PLC0415
    except ImportError:
        return None
    metrics.set_meter_provider(MeterProvider(metric_readers=[PrometheusMetricReader()]))
    return lambda: cast("bytes", cast("Any", generate_latest)(REGISTRY))
