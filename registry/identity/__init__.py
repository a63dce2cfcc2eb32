"""Who is who: the centre's certificate authority, what it issues to stations and brokers, and takes back."""
