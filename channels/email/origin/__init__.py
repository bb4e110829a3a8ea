"""Whom or what a mail is from: its writer, the checks of its sender, machines and their reports."""
