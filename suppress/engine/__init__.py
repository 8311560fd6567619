"""One message: features from facts, rules over features, a decision with its reasons."""
