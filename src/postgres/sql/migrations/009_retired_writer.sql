-- The writers of the archive whose folders others have recovered, as dead: they list no file any more, even if they live.
CREATE TABLE antenna.retired_writer (
    token      TEXT COLLATE "C" PRIMARY KEY, -- the folder's name below .staging
    retired_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
