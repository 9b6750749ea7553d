"""Where model files live, and how they get there: the only place with huggingface_hub.

`resolve_model` never touches the network; only `pull` does.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
from huggingface_hub.utils import build_hf_headers
from platformdirs import user_cache_path

from agents.errors import EngineError
from daemon.engines.download import Progress, Remote, alone, fetch
from daemon.engines.spec import EngineSpec, SpecError
from daemon.engines.starters import STARTERS, pull_starter

_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_SHA256 = re.compile(r"[0-9a-f]{64}")
constants.HF_HUB_DISABLE_TELEMETRY = True  # a pull tells the hub what it fetches, and nothing about this machine


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model file in the cache; `bytes` is its size."""

    name: str
    path: Path
    bytes: int


def models_dir() -> Path:
    """The per-user folder of models: `FAMULUS_MODELS`, or the platform's cache folder."""
    named = os.environ.get("FAMULUS_MODELS")
    return Path(named).expanduser() if named else user_cache_path("famulus", appauthor=False) / "models"


def resolve_model(spec: EngineSpec, *, must_exist: bool = True) -> Path:
    """The file of a spec's model (the first one of a split model). Raises EngineError where it is missing."""
    path = _place(spec.model, spec.name)
    missing = [part for part in parts_of(path) if not part.is_file()]
    if missing and must_exist:
        pulled = spec.model.startswith(("starter:", "hf:"))
        raise EngineError(
            f"The engine {spec.name!r} has no model.",
            f"There is no file {missing[0]}.",
            f"Run `famulus models pull {spec.name}`." if pulled else "Correct its path in famulus.toml.",
        )
    return path


def parts_of(path: Path) -> list[Path]:
    """All files of a model that is split as `…-00001-of-00003.gguf`; otherwise the one file."""
    found = _PART.search(path.name)
    if not found:
        return [path]
    stem, count = path.name[: found.start()], int(found.group(2))
    return [path.with_name(f"{stem}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1)]


def pull(specs: Iterable[EngineSpec], progress: Progress) -> list[Path]:
    """Fetch what is missing of these engines' models; what is there is left alone. Raises EngineError."""
    paths = []
    for spec in specs:
        if spec.kind != "llama_cpp":
            continue  # the weights come inside a package, or are a server's business
        path = resolve_model(spec, must_exist=False)
        for part in parts_of(path):
            _pull_file(spec, part, progress)
        paths.append(resolve_model(spec))
    return paths


def pull_starters(progress: Progress) -> list[Path]:
    """Fetch the starter models that are missing."""
    return pull([EngineSpec(name, "llama_cpp", f"starter:{name}") for name in STARTERS], progress)


def list_models() -> list[StoredModel]:
    """The model files in the cache, by name."""
    folder = models_dir()
    files = sorted(path for path in folder.rglob("*.gguf") if not path.name.startswith("."))
    return [StoredModel(str(path.relative_to(folder)), path, path.stat().st_size) for path in files]


def _place(model: str, engine: str) -> Path:
    scheme, _, rest = model.partition(":")
    if scheme == "starter":
        if rest not in STARTERS:
            raise SpecError(
                f"The engine {engine!r} has no model.",
                f"There is no starter model {rest!r}.",
                f"Starter models: {', '.join(STARTERS)}.",
            )
        return models_dir() / STARTERS[rest].file
    if scheme == "hf":
        owner, repository, file = _hub_name(rest, engine)
        return models_dir() / "hf" / owner / repository / file
    return Path(model).expanduser()


def _hub_name(name: str, engine: str) -> tuple[str, str, str]:
    pieces = name.split("/", 2)
    if len(pieces) != 3 or not pieces[2].endswith(".gguf") or any(part in ("", "..") for part in name.split("/")):
        raise SpecError(
            f"The engine {engine!r} has no model.",
            f"'hf:{name}' does not name a file.",
            'Write model = "hf:owner/repository/file.gguf".',
        )
    return pieces[0], pieces[1], pieces[2]


def _pull_file(spec: EngineSpec, target: Path, progress: Progress) -> None:
    if target.is_file():
        return
    scheme, _, rest = spec.model.partition(":")
    if scheme not in ("starter", "hf"):
        return
    with alone(target):
        if target.is_file():
            return  # another process brought it while this one waited
        if scheme == "starter":
            pull_starter(STARTERS[rest], target, progress)
        else:
            fetch(_on_hub(rest, target.name, spec.name), target, progress)


def _on_hub(name: str, file: str, engine: str) -> Remote:
    owner, repository, first = _hub_name(name, engine)
    path = str(Path(first).with_name(file))
    endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT)
    url = hf_hub_url(f"{owner}/{repository}", path, endpoint=endpoint)
    try:
        found = get_hf_file_metadata(url, endpoint=endpoint)
    except Exception as error:
        raise EngineError(
            f"{file} was not downloaded.",
            f"The hub says: {str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__}.",
            "Check the name and the connection; a gated model needs HF_TOKEN in the environment.",
        ) from error
    etag = found.etag or ""
    same_host = urlsplit(found.location).netloc == urlsplit(endpoint).netloc
    headers = {key: value for key, value in build_hf_headers().items() if same_host or key != "authorization"}
    sha256 = etag if _SHA256.fullmatch(etag) else ""
    return Remote(found.location, found.size or 0, f"{found.commit_hash} {etag}", sha256, headers)
