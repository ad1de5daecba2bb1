"""Reads the exports of a folder of results with real tools and compares them with its CSVs: exports.py RESULTS PROMETHEUS_URL"""

import collections
import csv
import datetime
import json
import os
import sys
import urllib.parse
import urllib.request

import boto3
import moto
from google.protobuf import json_format
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData

results, url = sys.argv[1:]
EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc).timestamp()


def rows(name):
    with open(os.path.join(results, name), newline="") as file:
        return list(csv.DictReader(file))


def ask(path, **query):
    with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(query)}") as answer:
        answer = json.load(answer)
    assert answer["status"] == "success", answer
    return answer["data"]


def base_units(metric, value):
    for ending, unit, parts in [("_ms", "_seconds", 1000), ("_per_s", "_per_second", 1), ("_count", "", 1)]:
        if metric.endswith(ending):
            return "scalelab_" + metric[: -len(ending)] + unit, value / parts
    return "scalelab_" + metric, value


def samples_are_all_there(series, end):
    expected = collections.defaultdict(list)
    for row in series:
        if row["value"]:
            name, value = base_units(row["metric"], float(row["value"]))
            at = round(EPOCH + float(row["t_s"]), 3)
            expected[name, row["variant"], row["replication"], row["component"]].append((at, value))
    found = {}
    for name in {key[0] for key in expected}:
        for one in ask("query", query=f"{name}[1d]", time=end)["result"]:
            labels = one["metric"]
            key = name, labels["variant"], labels["replication"], labels["component"]
            found[key] = [(at, float(value)) for at, value in one["values"]]
    assert found == expected, "samples differ"
    return sum(map(len, expected.values()))


def events_are_all_there(events, end):
    found = ask("query", query="scalelab_event[1d]", time=end)["result"]
    assert sum(len(one["values"]) for one in found) == len(events) > 0


def dashboard_shows_something(end):
    with open(os.path.join(results + ".prometheus", "dashboard.json")) as file:
        text = json.load(file)
    read = Dashboard.from_json(text)
    again = json.loads(JSONEncoder(sort_keys=True).encode(read))
    assert [panel["targets"][0]["expr"] for panel in again["panels"]] == [
        panel["targets"][0]["expr"] for panel in text["panels"]
    ]
    assert [one["name"] for one in again["templating"]["list"]] == ["source", "variant", "replication", "component"]
    chosen = {"$variant": ".*", "$replication": ".*", "$component": ".*"}
    queries = [panel["targets"][0]["expr"] for panel in text["panels"]]
    queries += [one["expr"] for one in text["annotations"]["list"]]
    begin = datetime.datetime.fromisoformat(text["time"]["from"].replace("Z", "+00:00")).timestamp()
    until = datetime.datetime.fromisoformat(text["time"]["to"].replace("Z", "+00:00")).timestamp()
    assert (begin, until) == (EPOCH, end)
    for query in queries:
        for variable, value in chosen.items():
            query = query.replace(variable, value)
        assert ask("query_range", query=query, start=begin, end=until, step=0.5)["result"], query
    for one in text["templating"]["list"][1:]:
        selector, label = one["definition"][len("label_values(") : -1].rsplit(", ", 1)
        assert ask(f"label/{label}/values", **{"match[]": selector, "start": begin, "end": until}), one
    return len(queries)


def telemetry_takes_the_logs(events):
    kinds = collections.Counter()
    with open(os.path.join(results + ".logs", "events.otlp.jsonl")) as file:
        for line in file:
            message = json_format.Parse(line, LogsData())  # an unknown field is an error
            kinds.update(
                record.event_name
                for resource in message.resource_logs
                for scope in resource.scope_logs
                for record in scope.log_records
                if record.time_unix_nano > 0
            )
    assert kinds == collections.Counter(row["event"] for row in events)


@moto.mock_aws
def cloud_takes_the_logs(events):
    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
    logs = boto3.client("logs", region_name="eu-central-1")
    logs.create_log_group(logGroupName="scalelab")
    logs.create_log_stream(logGroupName="scalelab", logStreamName="events")
    with open(os.path.join(results + ".logs", "events.jsonl")) as file:
        lines = [(json.loads(line), line.rstrip("\n")) for line in file]
    batch = [
        {"timestamp": int(datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp() * 1000), "message": text}
        for line, text in lines
    ]
    assert batch == sorted(batch, key=lambda event: event["timestamp"])
    answer = logs.put_log_events(logGroupName="scalelab", logStreamName="events", logEvents=batch)
    assert "rejectedLogEventsInfo" not in answer, answer
    crashes = [row for row in events if row["event"] == "crash"]
    kept = logs.get_log_events(logGroupName="scalelab", logStreamName="events", startFromHead=True)["events"]
    assert len(crashes) == sum(json.loads(event["message"])["event"] == "crash" for event in kept) > 0


series, events = rows("timeseries.csv"), rows("events.csv")
end = EPOCH + max(float(row["t_s"]) for row in series)
count = samples_are_all_there(series, end)
events_are_all_there(events, end)
queries = dashboard_shows_something(end)
telemetry_takes_the_logs(events)
cloud_takes_the_logs(events)
print(f"{count} samples and {len(events)} events are in the Prometheus, {queries} queries of the dashboard find something")
