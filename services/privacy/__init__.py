"""What personal data leaves behind: blobs that nothing names, records of erased people, what has served its time."""
