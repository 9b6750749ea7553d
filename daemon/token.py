"""The bearer token: made at first start, kept in the data folder, readable by the owner only."""

import os
import secrets
from pathlib import Path


def load_token(data_dir: Path) -> str:
    """The token in `data_dir/token`; made there when it is missing or empty."""
    file = data_dir / "token"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        token = file.read_text(encoding="utf-8").strip()
        if token:
            file.chmod(0o600)
            return token
    except FileNotFoundError:
        pass
    token = secrets.token_urlsafe(32)
    temporary = file.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(token + "\n")
    temporary.replace(file)
    return token
