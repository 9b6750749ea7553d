"""Figures in Prometheus' text format."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from daemon.compose import Famulus
from daemon.models import loads

CONTENT_TYPE = CONTENT_TYPE_LATEST

_REGISTRY = CollectorRegistry()
REQUESTS = Counter("famulus_requests", "HTTP requests by route and status.", ["route", "status"], registry=_REGISTRY)
SECONDS = Histogram("famulus_request_seconds", "Seconds until the answer began.", ["route"], registry=_REGISTRY)
_NOTES = Gauge("famulus_notes", "Notes by state.", ["state"], registry=_REGISTRY)
_CHUNKS = Gauge("famulus_chunks", "Chunks in the index.", registry=_REGISTRY)
_PENDING = Gauge("famulus_pending_notes", "Notes that wait to be indexed.", registry=_REGISTRY)
_EMBEDDED = Gauge("famulus_embedded_since_start", "Texts embedded since the start.", registry=_REGISTRY)
_ENGINES = Gauge("famulus_engine_ready", "Whether an engine is ready.", ["name", "role", "model"], registry=_REGISTRY)
_FREE = Gauge("famulus_device_free_bytes", "Free memory of a device.", ["device"], registry=_REGISTRY)
_TOTAL = Gauge(
    "famulus_device_total_bytes", "Memory of a device, as far as engines may have it.", ["device"], registry=_REGISTRY
)
_HELD = Gauge(
    "famulus_engine_memory_bytes", "Memory that an engine has its room for.", ["device", "name"], registry=_REGISTRY
)


def render(famulus: Famulus) -> bytes:
    """All figures, those of the index as they are now."""
    notes, failed, chunks = famulus.ledger.counts()
    _NOTES.labels("indexed").set(notes)
    _NOTES.labels("failed").set(failed)
    _CHUNKS.set(chunks)
    _PENDING.set(famulus.upkeep.status().pending)
    _EMBEDDED.set(famulus.indexer.embedded)
    for engine in famulus.host.states():
        _ENGINES.labels(engine["name"], engine["role"], engine["model"]).set(engine["state"] == "ready")
    _HELD.clear()
    for device in famulus.host.residency.memory():
        _TOTAL.labels(device["name"]).set(device["total_mib"] << 20)
        _FREE.labels(device["name"]).set(device["free_mib"] << 20)
        for name, held in device["engines"].items():
            _HELD.labels(device["name"], name).set(held << 20)
    starts = famulus.host.starts()
    return bytes(generate_latest(_REGISTRY)) + loads.rendered(famulus.tallies.values(), starts)
