"""Live chats: who waits, who has it, what becomes of it when nobody comes. Words are interactions, as everywhere."""
