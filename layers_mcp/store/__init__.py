"""What of ours must survive: confirmations, replies by idempotency key, what we began, and the trail.

`rows` says what is kept and is light; `store` opens the database and is only imported when one is needed.
"""
