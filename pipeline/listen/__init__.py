"""Listening without recognising: voice, tones, music, levels, pitch, syllables, clicks. Pure numpy in, spans out."""
