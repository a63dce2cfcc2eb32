"""A station without a cabinet: its life, its two meters, and one real pseudo-terminal line they sit on."""
