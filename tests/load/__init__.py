"""Hundreds of streams at once for a minute: nothing lost, mixed up or left behind."""
