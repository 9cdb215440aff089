-- The job of `antenna speed` in Flink SQL, for its SQL client (systems.py), which fills in what has a dollar sign.
-- A window's row is written once the watermark has passed its end; what comes later still is dropped.
SET 'execution.target' = 'local';
SET 'table.dml-sync' = 'true';
SET 'parallelism.default' = '2';
SET 'pipeline.object-reuse' = 'true';
SET 'execution.checkpointing.interval' = '10 s';
SET 'execution.checkpointing.dir' = 'file://$root/checkpoints';
SET 'table.local-time-zone' = 'UTC';
-- Each row of a window is written once and by its whole key: the sink needs no state to order updates.
SET 'table.exec.sink.require-on-conflict' = 'false';
SET 'table.exec.sink.upsert-materialize' = 'NONE';

CREATE TABLE events (
    `timestamp` BIGINT,
    id STRING,
    antenna_id STRING,
    `bytes` BIGINT,
    app STRING,
    event_time AS TO_TIMESTAMP_LTZ(`timestamp`, 0),
    WATERMARK FOR event_time AS event_time - INTERVAL '15' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = '$topic',
    'properties.bootstrap.servers' = '$kafka',
    'properties.group.id' = '$job',
    'scan.startup.mode' = 'earliest-offset',
    'scan.bounded.mode' = 'latest-offset',
    'format' = 'json',
    'json.ignore-parse-errors' = 'true'
);

CREATE TABLE totals (
    `date` TIMESTAMP(3),
    id STRING,
    `value` BIGINT,
    `type` STRING,
    PRIMARY KEY (`date`, `type`, id) NOT ENFORCED
) WITH (
    'connector' = 'jdbc',
    'url' = '$jdbc_uri?reWriteBatchedInserts=true',
    'table-name' = '$table',
    'username' = '$user',
    'password' = '$password',
    'sink.buffer-flush.max-rows' = '5000'
);

CREATE TABLE archive (
    `timestamp` TIMESTAMP_LTZ(3),
    id STRING,
    antenna_id STRING,
    `bytes` BIGINT,
    app STRING,
    `year` BIGINT,
    `month` BIGINT,
    `day` BIGINT,
    `hour` BIGINT
) PARTITIONED BY (`year`, `month`, `day`, `hour`) WITH (
    'connector' = 'filesystem',
    'path' = 'file://$root/data',
    'format' = 'parquet'
);

EXECUTE STATEMENT SET BEGIN
INSERT INTO totals
    SELECT CAST(window_start AS TIMESTAMP(3)), antenna_id, SUM(`bytes`), 'antenna_bytes_total'
    FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '5' MINUTES))
    GROUP BY window_start, window_end, antenna_id;
INSERT INTO totals
    SELECT CAST(window_start AS TIMESTAMP(3)), id, SUM(`bytes`), 'user_bytes_total'
    FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '5' MINUTES))
    GROUP BY window_start, window_end, id;
INSERT INTO totals
    SELECT CAST(window_start AS TIMESTAMP(3)), app, SUM(`bytes`), 'app_bytes_total'
    FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '5' MINUTES))
    GROUP BY window_start, window_end, app;
INSERT INTO archive
    SELECT event_time, id, antenna_id, `bytes`, app,
        YEAR(event_time), MONTH(event_time), DAYOFMONTH(event_time), HOUR(event_time)
    FROM events;
END;
