"""Where model files live, and how they get there: the only place with huggingface_hub.

`resolve_model` never touches the network; only `pull` does.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from huggingface_hub import HfApi, constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import build_hf_headers
from platformdirs import user_cache_path

from agents.errors import EngineError
from daemon.engines.files.checkpoint import read_checkpoint
from daemon.engines.files.download import Progress, Remote, alone, fetch
from daemon.engines.files.snapshot import HubFile, bring, missing_kind, needed
from daemon.engines.files.starters import STARTERS, pull_starter
from daemon.engines.spec import EngineSpec, SpecError
from daemon.engines.vllm.command import has_random_weights

_SNAPSHOTS = "snapshots"
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_REPOSITORY = re.compile(r"(?!.*(?:\.\.|--))\w[\w.-]*/\w[\w.-]*(?<![.-])", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SECONDS = 30.0
constants.HF_HUB_DISABLE_TELEMETRY = True  # a pull tells the hub what it fetches, and nothing about this machine


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model in the cache, a file or a folder; `bytes` is its size."""

    name: str
    path: Path
    bytes: int


def models_dir() -> Path:
    """The per-user folder of models: `FAMULUS_MODELS`, or the platform's cache folder."""
    named = os.environ.get("FAMULUS_MODELS")
    return Path(named).expanduser() if named else user_cache_path("famulus", appauthor=False) / "models"


def kept_dir() -> Path:
    """The per-user folder of beginnings of prompts that outlive their engines."""
    return user_cache_path("famulus", appauthor=False) / "beginnings"


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


def resolve_folder(spec: EngineSpec) -> Path:
    """The folder of a model for vLLM: a path, or `owner/repository` in our cache or the hub's. Raises EngineError."""
    path = Path(spec.model).expanduser()
    if path.is_dir():
        return path.absolute()
    on_hub = bool(_REPOSITORY.fullmatch(spec.model))
    if on_hub and _snapshot_of(spec).is_dir():
        return _snapshot_of(spec)
    config = try_to_load_from_cache(spec.model, "config.json") if on_hub else None
    if isinstance(config, str):
        return Path(config).parent
    raise EngineError(
        f"The engine {spec.name!r} has no model.",
        f"{spec.model} has not been fetched." if on_hub else f"There is no folder {path}.",
        f"Run `famulus models pull {spec.name}`." if on_hub else "Correct its path in famulus.toml.",
    )


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
        if spec.kind == "vllm":
            paths.append(_pull_folder(spec, progress))
            continue
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
    """The models in the cache: files by their paths, then the folders for vLLM by their repositories."""
    folder, snapshots = models_dir(), models_dir() / _SNAPSHOTS
    files = sorted(path for path in folder.rglob("*.gguf") if not path.name.startswith("."))
    found = [StoredModel(str(path.relative_to(folder)), path, path.stat().st_size) for path in files]
    for path in sorted(each for each in snapshots.glob("*/*") if each.is_dir() and not each.name.startswith(".")):
        size = sum(part.stat().st_size for part in path.rglob("*") if part.is_file())
        found.append(StoredModel(str(path.relative_to(snapshots)), path, size))
    return found


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


def _snapshot_of(spec: EngineSpec) -> Path:
    return models_dir() / _SNAPSHOTS / spec.model


def _pull_folder(spec: EngineSpec, progress: Progress) -> Path:
    """A folder that is whole is left alone, whoever brought it; one of the owner's is never touched."""
    weights = not has_random_weights(spec)
    if Path(spec.model).expanduser().is_dir() or not _REPOSITORY.fullmatch(spec.model):
        return resolve_folder(spec)
    target = _snapshot_of(spec)
    with alone(target):
        with suppress(EngineError):
            return read_checkpoint(resolve_folder(spec), weights=weights).folder
        revision, files = _listed(spec.model, weights=weights)
        bring(spec.model, [(file, _remote(spec.model, revision, file)) for file in files], target, progress)
    return read_checkpoint(target, weights=weights).folder


def _listed(repository: str, *, weights: bool) -> tuple[str, list[HubFile]]:
    """The commit and what is needed of its files. Raises EngineError, also where they may not be read."""
    endpoint = _endpoint()
    try:
        found = HfApi(endpoint=endpoint).model_info(repository, files_metadata=True, timeout=_SECONDS)
        revision = found.sha or "main"
        files = needed((_hub_file(each) for each in found.siblings or ()), weights=weights)
        if not (lacks := missing_kind(files, weights=weights)):
            # the list is public where the files are not: ask for the first before any is fetched
            get_hf_file_metadata(hf_hub_url(repository, files[0].name, revision=revision, endpoint=endpoint))
    except Exception as error:
        raise _refused(repository, error) from error
    if lacks:
        fix = 'Name a repository with safetensors; one with GGUF files goes with kind = "llama_cpp".'
        raise EngineError(f"{repository} was not downloaded.", f"{lacks} vLLM can not load it.", fix)
    return revision, files


def _hub_file(each: RepoSibling) -> HubFile:
    if each.lfs:
        return HubFile(each.rfilename, each.lfs.size, each.lfs.sha256)
    return HubFile(each.rfilename, each.size or 0, "", each.blob_id or "")


def _remote(repository: str, revision: str, file: HubFile) -> Remote:
    """Of this commit, whatever comes meanwhile. The token goes to the hub only, not where it sends on to."""
    url = hf_hub_url(repository, file.name, revision=revision, endpoint=_endpoint())
    return Remote(url, file.size, file.sha256 or file.blob, file.sha256, build_hf_headers(), file.blob)


def _refused(repository: str, error: Exception) -> EngineError:
    effect = f"{repository} was not downloaded."
    if isinstance(error, GatedRepoError):
        fix = f"Accept its terms at {_endpoint()}/{repository}, and set HF_TOKEN to a token of that account."
        return EngineError(effect, "Its owner gives it only to those who accepted its terms.", fix)
    if isinstance(error, RepositoryNotFoundError):
        fix = "Correct `model` in famulus.toml; for a private one set HF_TOKEN in the environment."
        return EngineError(effect, "The hub has no such model, or does not show it to you.", fix)
    said = f"The hub says: {_first_line(error)}."
    return EngineError(effect, said, "Check the connection (HF_ENDPOINT names another hub), then try again.")


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT") or str(constants.ENDPOINT)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


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
    endpoint = _endpoint()
    url = hf_hub_url(f"{owner}/{repository}", path, endpoint=endpoint)
    try:
        found = get_hf_file_metadata(url, endpoint=endpoint)
    except Exception as error:
        raise EngineError(
            f"{file} was not downloaded.",
            f"The hub says: {_first_line(error)}.",
            "Check the name and the connection; a gated model needs HF_TOKEN in the environment.",
        ) from error
    etag = found.etag or ""
    same_host = urlsplit(found.location).netloc == urlsplit(endpoint).netloc
    headers = {key: value for key, value in build_hf_headers().items() if same_host or key != "authorization"}
    sha256 = etag if _SHA256.fullmatch(etag) else ""
    return Remote(found.location, found.size or 0, f"{found.commit_hash} {etag}", sha256, headers)
