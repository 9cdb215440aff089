-- By which rules the messages of a partition are accepted since its last claim: a message between the two offsets, which one side
-- has taken already, must be judged by the same rules for the other. NULL: claimed last by an older version of the program.
ALTER TABLE antenna.progress ADD COLUMN rules TEXT;
