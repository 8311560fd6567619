"""What comes out: plain values that say what was decided and why."""
