-- Fences every worker, so that it claims its partitions again before it counts more. No worker gets these epochs, whose
-- random part is the old one.
UPDATE antenna.progress SET epoch = epoch + 1000000000
