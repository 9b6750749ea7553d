"""The process: configuration, engines, HTTP, schedule and security."""

__version__ = "0.1.0"
