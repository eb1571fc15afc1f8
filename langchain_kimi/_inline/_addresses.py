"""A host's resolved addresses -> the one that is not public.

A URL in a conversation may be written by anyone: without this check it would be a way
into the machine's own network (server-side request forgery).
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, TypeAlias

AddressInfo: TypeAlias = tuple[Any, Any, int, str, Any]
"""What `socket.getaddrinfo` tells: family, type, protocol, name, (address, port)."""

# Of IPv6 only this is handed out for use in public (IANA, RFC 3513). It leaves out
# loopback, link-local, unique local, site-local, multicast and embedded IPv4.
_UNICAST = ip_network("2000::/3")
# An IPv4 address behind a translator, as IPv6-only networks resolve them (RFC 6052).
_TRANSLATED = ip_network("64:ff9b::/96")
# An IPv4 address behind a relay, given up by RFC 7526; Pythons differ on whether it is
# global.
_RELAYED = ip_network("2002::/16")

# Public by their numbers, but what answers there is the cloud that the machine is in.
_CLOUDS = (
    # Azure: "IP address 168.63.129.16", its documentation of virtual networks.
    ip_network("168.63.129.16/32"),
    # Oracle's metadata (192.0.0.192); Pythons before 3.11.10 take it for global.
    ip_network("192.0.0.0/24"),
)


def find_private(found: Sequence[AddressInfo]) -> str | None:
    """Return an address that is not public, None if all are.

    One among public ones is enough to refuse a host: which of them is asked would be
    chance.

    Args:
        found: Every address of a host.
    """
    addresses = (str(info[4][0]) for info in found)
    return next((address for address in addresses if not is_public(address)), None)


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the public internet.

    Args:
        address: An IPv4 or IPv6 address, as the resolver writes it.
    """
    # Without the zone of a link-local one: Pythons differ on reading it.
    ip = _unwrap(ip_address(address.partition("%")[0]))
    if isinstance(ip, IPv6Address) and (ip not in _UNICAST or ip in _RELAYED):
        return False
    is_cloud = any(ip in cloud for cloud in _CLOUDS)
    return ip.is_global and not ip.is_multicast and not is_cloud


def _unwrap(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(ip, IPv6Address):
        if ip in _TRANSLATED:
            return IPv4Address(ip.packed[-4:])
        return ip.ipv4_mapped or ip
    return ip
