"""The main scenario: users of an agent platform, each with its own token and session.

    locust -f locustfiles/agents.py --headless -u 50 -r 10 -t 60s
    locust -f locustfiles/agents.py --plan my-platform.toml --web-host 127.0.0.1

Without a plan and a host the embedded reference platform is started and driven.
"""

import sys
import traceback

try:
    from locust import task

    from locustfiles.driving.agent_user import AgentUser
    from locustfiles.driving.lifecycle import install
except Exception:  # noqa: BLE001 - Locust would exit 1, which means FAIL
    traceback.print_exc()
    sys.exit(4)

install()


class Agent(AgentUser):
    """An ordinary user: it converses, again and again."""

    @task
    def talk(self) -> None:
        """A few conversations at once, each of several turns."""
        self.converse()
