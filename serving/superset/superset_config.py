"""Superset for one machine: its own metadata in SQLite, no cache server, no work queue, nothing but loopback.

Superset reads this module because SUPERSET_CONFIG_PATH names it; ANTENNA_SUPERSET_HOME names its folder.
"""

import os
import pathlib

HOME = pathlib.Path(os.environ["ANTENNA_SUPERSET_HOME"])

SECRET_KEY = (HOME / "secret-key").read_text().strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME}/superset.db?timeout=30"

# Pages load nothing from elsewhere and report to nobody.
CONTENT_SECURITY_POLICY_WARNING = False
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}

# Several instances on one host name must not end each other's sessions.
SESSION_COOKIE_NAME = "antenna_dashboard"

DASHBOARD_AUTO_REFRESH_INTERVALS = [
    [0, "Don't refresh"],
    [10, "10 seconds"],
    [30, "30 seconds"],
    [60, "1 minute"],
    [300, "5 minutes"],
]
