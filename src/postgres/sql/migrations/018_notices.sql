-- A notice to the operator about many antennas at once: of how many; NULL: of one. `id` is then a text that names the first.
ALTER TABLE antenna.notice ADD COLUMN antennas BIGINT CHECK (antennas > 1);
