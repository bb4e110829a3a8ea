"""Email, in (SMTP, LMTP, IMAP: raw first, parsed after) and out (SMTP). Nothing here knows an incident."""
