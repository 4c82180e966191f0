"""The commands of the command line, by noun; `solenoid.cli` gives them their names."""
