"""The tables as the Spark job leaves them: without keys."""

SPARK_TABLES = """
    CREATE TABLE user_metadata (id TEXT, name TEXT, email TEXT, quota BIGINT);
    CREATE TABLE bytes (date TIMESTAMP, id TEXT, value BIGINT, type TEXT);
    CREATE TABLE bytes_hourly (date TIMESTAMP, id TEXT, value BIGINT, type TEXT);
    CREATE TABLE user_quota_limit (email TEXT, usage BIGINT, quota BIGINT, date TIMESTAMP);
"""
