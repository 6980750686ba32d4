"""What Layers promises: models of its requests and replies, its errors, and the table of its endpoints."""
