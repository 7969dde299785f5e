"""How well noise is taken out of speech: measures, rivals run as they stream, pairs, tables."""
