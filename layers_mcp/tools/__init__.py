"""What an agent may call, one file a noun."""
