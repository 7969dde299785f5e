"""Takes the noise out of speech, live and within a hearing aid's delay: data, network, chain, evaluation, commands."""
