"""What the callback plugin `trueup_events` is made of."""
