"""The fixtures of the tests of language models; a module's own of the same name come first."""

from tests.sinks.llm_fixtures import server, tracked

__all__ = ["server", "tracked"]
