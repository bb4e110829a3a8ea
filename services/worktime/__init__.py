"""Time spent on an incident: a stopwatch for each user."""
