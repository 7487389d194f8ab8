"""How long a test waits for what may come late: a machine at work elsewhere can be five times as slow as alone."""

PATIENCE = 180_000  # milliseconds; what never comes fails all the same
SECONDS = PATIENCE // 1000
