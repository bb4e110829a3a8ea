"""Email, in and out. Nothing here knows an incident.

`receiving/` keeps what comes as it is; `parse.py` reads it in a child process by way of `mime/` (its parts), `words/`
(what somebody wrote) and `origin/` (who it is from); `sending/` writes and signs what goes out.
"""
