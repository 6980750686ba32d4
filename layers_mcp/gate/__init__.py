"""What may act, once: confirmations, idempotency, and the trail. It knows no protocol and no tool."""
