"""The two meters that most stations of these tests have, as an agent.toml names them."""

TWO_METERS = """[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
[[device]]
id = "flow-1"
profile = "microsensor-mfe600"
bus = "main"
unit_id = 2
"""
