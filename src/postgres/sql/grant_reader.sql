-- What dashboards show may be read by antenna_reader. The views read their tables with their owner's rights.
GRANT SELECT ON :"bytes", :"bytes_hourly", :"user_metadata", :"user_quota_limit" TO antenna_reader;
GRANT SELECT ON antenna.hourly, antenna.quota_now, antenna.freshness, antenna.offenders, antenna.hour_state,
    antenna.rejected_count, antenna.silence, antenna.silent_antennas, antenna.notice, antenna.hour TO antenna_reader;
