"""What a chart asks its dataset for, without any filter: the query of the chart's own settings."""

import json


def as_list(value):
    """Settings that may be one name, several or none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def build_query(params):
    """One query of Superset's chart data API from the settings of a chart of ours."""
    query = {"row_limit": params.get("row_limit", 100), "filters": [], "extras": {}}
    if params.get("query_mode") == "raw":
        order = [json.loads(column) for column in params.get("order_by_cols", [])]
        return query | {"columns": params["all_columns"], "orderby": order}
    columns = [*as_list(params.get("x_axis")), *as_list(params.get("groupby"))]
    metrics = [*as_list(params.get("metrics")), *as_list(params.get("metric"))]
    return query | {"columns": columns, "metrics": metrics}


def build_request(chart):
    """The body for /api/v1/chart/data of a chart as the API describes it."""
    params = json.loads(chart["params"])
    dataset, _, kind = params["datasource"].partition("__")
    return {
        "datasource": {"id": int(dataset), "type": kind},
        "force": True,
        "queries": [build_query(params)],
        "result_format": "json",
        "result_type": "full",
    }


def count_rows(answer):
    """The rows that hold anything: a sum of nothing is a row with NULL."""
    return sum(any(value is not None for value in row.values()) for row in answer["result"][0]["data"])
