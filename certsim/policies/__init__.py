"""Policy modules that come with certsim: guests like any other, on the ground floors."""

from certsim.policies.function import FunctionPolicy
from certsim.policies.standalone import Standalone

__all__ = ["FunctionPolicy", "Standalone"]
