"""Every setting, as pydantic models; reading, checking and explaining the YAML files.

config = load("config")          # a Config, or the list of every fault
"""

from __future__ import annotations

from .config import Config
from .faults import ConfigFault
from .loading import load, restore
from .models import GatewayConfig, Source
from .partner import Partner

__all__ = ["Config", "ConfigFault", "GatewayConfig", "Partner", "Source", "load", "restore"]
