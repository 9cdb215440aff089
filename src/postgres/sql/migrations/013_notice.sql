-- Shares of the quota, in percent, of which users are notified, and the first hour (UTC) that is judged by each. Without a
-- row nobody is notified and no run of batch writes a notice.
CREATE TABLE antenna.notice_threshold (
    threshold INTEGER   PRIMARY KEY CHECK (threshold > 0),
    since     TIMESTAMP NOT NULL
);

-- The outbox of `antenna notify`: what users are told of their quota. The key lets nothing be told twice.
CREATE TABLE antenna.notice (
    hour            TIMESTAMP        NOT NULL,               -- begin of the hour, UTC
    id              TEXT COLLATE "C" NOT NULL,               -- of the user
    threshold       INTEGER          NOT NULL,               -- percent of the quota
    revision        INTEGER          NOT NULL,               -- even: the threshold is passed; odd: it is not, after all
    final           BOOLEAN          NOT NULL,               -- by the totals of a sealed hour; else more is expected
    usage           BIGINT           NOT NULL,               -- bytes
    quota           BIGINT,                                  -- bytes; NULL: the user has none any more
    created_at      TIMESTAMPTZ      NOT NULL DEFAULT now(),
    state           TEXT             NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'skipped', 'dead')),
    attempts        INTEGER          NOT NULL DEFAULT 0,     -- that may have reached the user
    next_attempt_at TIMESTAMPTZ      NOT NULL DEFAULT now(), -- while an attempt is under way, when another may begin
    reason          TEXT,                                    -- of the last attempt that failed, or of skipping it
    settled_at      TIMESTAMPTZ,                             -- when it was sent, skipped or given up
    PRIMARY KEY (hour, id, threshold, revision),
    CHECK (revision >= 0)
);
CREATE INDEX notice_unsettled ON antenna.notice (state, next_attempt_at) WHERE state IN ('waiting', 'dead');
