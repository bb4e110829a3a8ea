"""Mail on its way in: SMTP, LMTP, IMAP, files. Each acknowledges once the log has it."""
