"""Who got whose personal data from this server."""
