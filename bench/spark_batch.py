"""The job of `antenna batch` on Spark SQL: hourly totals and quota offenders of some hours, appended by JDBC.

Run by spark-submit (systems.py), once for all hours, so that Spark starts once. An hour is read once and kept while its
three sums are taken, and the sums are kept for the offenders.
"""

import argparse
import datetime
import pathlib

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

DIMENSIONS = {"antenna_id": "antenna_bytes_total", "id": "user_bytes_total", "app": "app_bytes_total"}
ROWS_A_STATEMENT = 10_000


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jdbc_uri")
    parser.add_argument("jdbc_user")
    parser.add_argument("password_file", type=pathlib.Path)
    parser.add_argument("path", type=pathlib.Path)
    parser.add_argument("users_table")
    parser.add_argument("hourly_table")
    parser.add_argument("limit_table")
    parser.add_argument("hours", nargs="+", type=datetime.datetime.fromisoformat)
    return parser.parse_args()


def jdbc_options(arguments, table):
    """The options of a JDBC source or target."""
    return {
        "url": f"{arguments.jdbc_uri}?reWriteBatchedInserts=true",
        "dbtable": table,
        "user": arguments.jdbc_user,
        "password": arguments.password_file.read_text().strip(),
        "driver": "org.postgresql.Driver",
        "batchsize": ROWS_A_STATEMENT,
        "isolationLevel": "READ_COMMITTED",
    }


def append(rows, arguments, table):
    """Appends rows to a table."""
    rows.write.format("jdbc").mode("append").options(**jdbc_options(arguments, table)).save()


def totals_of(events, hour):
    """The hour's sums of bytes for each dimension, in one table."""
    date = F.lit(hour.replace(tzinfo=None)).cast("timestamp").alias("date")
    sums = [
        events.groupBy(F.col(column).alias("id"))
        .agg(F.sum("bytes").alias("value"))
        .select(date, "id", "value", F.lit(name).alias("type"))
        for column, name in DIMENSIONS.items()
    ]
    return sums[0].unionByName(sums[1]).unionByName(sums[2])


def offenders_of(totals, users):
    """The users over their quota."""
    usage = totals.where(F.col("type") == DIMENSIONS["id"])
    return (
        usage.join(users, "id").where("value > quota").select("email", F.col("value").alias("usage"), "quota", "date")
    )


def main():
    """Runs the hours one after the other."""
    arguments = parse_arguments()
    session = SparkSession.builder.appName("antenna-batch").getOrCreate()
    users = session.read.format("jdbc").options(**jdbc_options(arguments, arguments.users_table)).load().persist()
    for hour in arguments.hours:
        folder = arguments.path / f"year={hour.year}" / f"month={hour.month}" / f"day={hour.day}" / f"hour={hour.hour}"
        events = session.read.parquet(str(folder)).persist()
        totals = totals_of(events, hour).persist()
        append(totals, arguments, arguments.hourly_table)
        append(offenders_of(totals, users), arguments, arguments.limit_table)
        totals.unpersist()
        events.unpersist()
    session.stop()


main()
