"""What the centre knows about its stations: relational model, migrations, import, `centre.toml`."""
