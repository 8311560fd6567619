"""From a rule file to compiled rules: document -> tree -> ruleset -> problems or a compiled ruleset."""
