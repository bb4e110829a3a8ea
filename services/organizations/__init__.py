"""Organizations: the companies customers belong to, what they have of ours, and what help they are entitled to."""
