"""Take the noise out of speech."""
