-- The window of the totals in seconds, NULL until provision stores it. Databases of older versions get 300 from it, also
-- those of before version 7, which have no row here yet.
ALTER TABLE antenna.data_set
    ADD COLUMN window_seconds INTEGER CHECK (window_seconds > 0 AND 3600 % window_seconds = 0);
