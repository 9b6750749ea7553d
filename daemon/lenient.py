"""Shapes of OpenAI's protocol: clients may send null for what they leave out."""

from typing import Any

from pydantic import BaseModel, model_validator


class Lenient(BaseModel):
    """A shape in which null is as left out, as OpenAI's description of the API has it for nearly every field."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return {key: value for key, value in given.items() if value is not None} if isinstance(given, dict) else given
