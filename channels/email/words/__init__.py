"""What somebody wrote, told from quotes and signatures; HTML made safe to show."""
