"""What the Spark engine's two jobs share: command line, record, Kafka, PostgreSQL and the archive's files."""
