"""The errors of this package."""


class AgentError(Exception):
    """Something an agent could not do; `effect`, `cause` and `fix` are one plain sentence each."""

    code = "agent_error"

    def __init__(self, effect: str, cause: str = "", fix: str = "") -> None:
        super().__init__(effect)
        self.effect = effect
        self.cause = cause
        self.fix = fix


class EngineError(AgentError):
    """An engine failed or can not be started."""

    code = "engine_failed"


class EngineLoadingError(EngineError):
    """An engine is still loading; try again soon."""

    code = "engine_loading"


class EngineRefusedError(EngineError):
    """An engine's server refuses the key or knows no such model: asking again changes nothing."""

    code = "engine_refused"


class EngineBusyError(EngineError):
    """Too many wait for an engine; `retry_after` is in how many seconds it is worth asking again."""

    code = "engine_busy"

    def __init__(self, effect: str, cause: str = "", fix: str = "", retry_after: int = 1) -> None:
        super().__init__(effect, cause, fix)
        self.retry_after = retry_after


class ContextLengthError(AgentError):
    """The prompt and the wanted answer do not fit the model's context."""

    code = "context_length_exceeded"


class BadRequestError(AgentError):
    """A request that can not be answered as it stands."""

    code = "bad_request"


class SuggestionError(AgentError):
    """There is no such suggestion, or it is not in a state that allows this."""

    code = "suggestion"


class DigestError(AgentError):
    """A digest note that can not be run: no such note, a broken cron line, an empty prompt."""

    code = "digest"
