"""An entry of `model_list` -> what the checks of it ask for."""

from dataclasses import dataclass

from langchain_kimi.catalogue import PROVIDER, Model, find_model
from litellm_config._regions import Region, region_of
from litellm_config._validation._yaml import Node

_NOTHING = Node({}, "", 0, "")
# The hosts of the API itself: whatever answers there is hosted Kimi.
_HOSTS = ("api.moonshot.", "api.kimi.", "os.environ/MOONSHOT")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry of `model_list`."""

    entry: Node

    @property
    def group(self) -> str:
        """The name that requests use; "" where it is missing."""
        node = self.entry.get("model_name")
        return node.value if node and isinstance(node.value, str) else ""

    @property
    def params(self) -> Node:
        """`litellm_params`; an empty mapping where it is missing."""
        return self.entry.get("litellm_params") or _NOTHING

    @property
    def info(self) -> Node:
        """`model_info`; an empty mapping where it is missing."""
        return self.entry.get("model_info") or _NOTHING

    @property
    def model(self) -> str:
        """LiteLLM's name of the model, such as `moonshot/kimi-k3`."""
        return self.text("model")

    @property
    def prefix(self) -> str:
        """What stands before the first slash, which is LiteLLM's provider."""
        prefix, slash, _ = self.model.partition("/")
        return prefix if slash else ""

    @property
    def id(self) -> str:
        """The model's own id, without prefixes."""
        return self.model.rpartition("/")[2]

    @property
    def row(self) -> Model | None:
        """The catalogue's row, for a Kimi model that it knows."""
        return find_model(self.id)

    @property
    def is_hosted_kimi(self) -> bool:
        """Whether Moonshot itself answers, at whichever of its addresses."""
        base = self.text("api_base")
        if any(host in base for host in _HOSTS):
            return True
        # The retired open weights are served by others under the same ids.
        return self.prefix == PROVIDER and "*" not in self.id

    @property
    def region(self) -> Region | None:
        """The region of one of our own deployments, None for any other."""
        node = self.info.get("id")
        return region_of(node.value) if node else None

    def text(self, key: str) -> str:
        """Return a text of `litellm_params`; "" where there is none.

        Args:
            key: The parameter's name.
        """
        node = self.params.get(key)
        return node.value if node and isinstance(node.value, str) else ""
