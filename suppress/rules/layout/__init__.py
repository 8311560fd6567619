"""House style of rule files and case files: `house_style` is the door."""
