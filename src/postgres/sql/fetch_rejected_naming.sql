-- The next of the messages that hold_rejected_naming holds.
FETCH 1000 FROM rejected_naming
