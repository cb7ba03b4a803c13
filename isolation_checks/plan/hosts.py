"""Which hosts may be driven: loopback, and what the plan names.

It resolves names; it connects to nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import urllib.parse

import msgspec

from isolation_checks.errors import UsageError
from isolation_checks.plan.model import Plan


def refuse_strangers(plan: Plan) -> None:
    """Make sure that every address of every endpoint is loopback or allowed.

    Raises:
        UsageError: one is not, or a name cannot be resolved.
    """
    target = plan.target
    sampled = () if plan.resources is None else plan.resources.prometheus
    for url in (target.websocket, target.http, target.auth, *(each.url for each in sampled)):
        if url is None:
            continue
        parts = urllib.parse.urlsplit(url)
        if parts.password is not None:
            raise UsageError(
                f"the address of {parts.hostname} holds a password, and a run keeps its plan; "
                "send it by auth.carry, as a word of auth.secrets"
            )
        host, port = parts.hostname, _port(url)
        if host is None:
            raise UsageError(f"{url} names no host")
        if host in target.allow_hosts:
            continue
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise UsageError(f"the host of {url} cannot be resolved: {why}") from error
        addresses = {str(entry[4][0]) for entry in found}
        strange = sorted(
            address
            for address in addresses
            if address not in target.allow_hosts and not ipaddress.ip_address(address).is_loopback
        )
        if strange:
            is_it = "" if strange == [host] else f"is {', '.join(strange)}, which "
            raise UsageError(
                f"{host} {is_it}is not loopback; to drive it, write "
                f"allow_hosts = [{host!r}] under [target], and be sure that you may"
            )


def _port(url: str) -> int:
    try:
        return urllib.parse.urlsplit(url).port or 80
    except ValueError as error:
        raise UsageError(f"{url} has no port: one is a number up to 65535") from error


def holds_password(url: str) -> bool:
    """Whether a database's address says a password, before its host or behind it."""
    said = r"[a-z]+://([^/?#]*:[^?#]*@|.*[?&;](ssl)?password=)"
    return re.match(said, url, re.IGNORECASE) is not None


def with_host(plan: Plan, host: str) -> Plan:
    """The plan with its target's scheme, host and port taken from a URL, its paths kept.

    Raises:
        UsageError: it is no http, https, ws or wss URL.
    """
    parts = urllib.parse.urlsplit(host)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.netloc:
        raise UsageError(f"--host {host!r} is no URL; write it like http://127.0.0.1:8000")
    _port(host)
    secure = parts.scheme in ("https", "wss")
    target = plan.target

    def moved(url: str, scheme: str) -> str:
        path = urllib.parse.urlsplit(url)._replace(scheme=scheme, netloc=parts.netloc)
        return urllib.parse.urlunsplit(path)

    web = "https" if secure else "http"
    return msgspec.structs.replace(
        plan,
        target=msgspec.structs.replace(
            target,
            websocket=moved(target.websocket, "wss" if secure else "ws"),
            http=moved(target.http, web) if target.http else None,
            auth=moved(target.auth, web) if target.auth else None,
        ),
    )
