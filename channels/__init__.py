"""The outside world: one module or package a channel, in and out. Nothing here knows an incident."""
