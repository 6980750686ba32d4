"""The page on which a person says yes or no outside the conversation: rendering is pure, serving stands apart."""
