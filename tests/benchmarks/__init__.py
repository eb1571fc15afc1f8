"""How much CPU ChatKimi takes, beside others on the same wire: `make bench`."""
