"""What a tool is: one declaration, a call, an outcome, and how the gate stands in between."""
