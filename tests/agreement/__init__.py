"""Random rulesets x random shops x random messages: every engine must give the same decision."""
