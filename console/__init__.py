"""Web pages and REST for the duty desk, zh-CN and English."""
