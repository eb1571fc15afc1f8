"""A crowd, an emulator and a clock -> a record of what happened."""

import os
import platform
import time
from dataclasses import dataclass
from typing import Any

from tests.load.census import Census, find_grown, read_megabytes, take_census
from tests.load.crowd import Crowd
from tests.load.server import EmulatorProcess
