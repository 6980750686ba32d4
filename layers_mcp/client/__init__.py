"""How we speak to Layers: one client that sends by the contract's table, its retries, and the desk where waits are kept."""
