#!/usr/bin/env python3
"""Carries the scripts of tests/data/peers out on a real RabbitMQ or Redis and prints them with what was seen after each step.

Usage: queues.py rabbitmq PORT FILE | queues.py redis_streams SOCKET FILE
"""

import os
import socket
import subprocess
import sys
import time


def seen(deliveries):
    """`a:1,2 b:3`: what each consumer got since the last step."""
    got = {}
    for who, message in deliveries:
        got.setdefault(who, []).append(message)
    return " ".join(f"{who}:{','.join(got[who])}" for who in sorted(got))


class Rabbit:
    def __init__(self, port):
        import pika

        self.pika, self.port, self.number = pika, int(port), 0
        self.mode, self.options = 2, ()
        self.consumers, self.deliveries, self.queue = {}, [], None
        self.connection, self.channel = self.connect()
        self.channel.confirm_delivery()

    def connect(self):
        connection = self.pika.BlockingConnection(self.pika.ConnectionParameters("127.0.0.1", self.port))
        return connection, connection.channel()

    def do_queue(self, *options):
        for who in list(self.consumers):
            self.do_die(who)
        self.number += 1
        self.queue, dead = f"orders-{self.number}", f"dead-{self.number}"
        # Delivery mode 1 is transient, 2 persistent; the queue itself is durable either way.
        self.mode = 1 if "transient" in options else 2
        arguments = {}
        for option in options:
            name, _, value = option.partition("=")
            if name == "transient" or "|" in value:
                continue  # what its messages are like, each of them
            if name == "dead":
                self.channel.queue_declare(dead)
                arguments |= {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
            arguments |= {
                "ttl": lambda: {"x-message-ttl": int(value)},
                "length": lambda: {"x-max-length": int(value)},
                "reject": lambda: {"x-overflow": "reject-publish"},
                # A limit of n deliveries is n - 1 of them after the first.
                "limit": lambda: {"x-queue-type": "quorum", "x-delivery-limit": int(value) - 1},
                "dead": dict,
            }[name]()
        self.channel.queue_declare(self.queue, durable=True, arguments=arguments)
        if "dead" in options:
            self.consume("dead", dead, "auto")

    def do_publish(self, *messages):
        refused = []
        for message in messages:
            message, _, expiration = message.partition("@")
            properties = self.pika.BasicProperties(delivery_mode=self.mode, expiration=expiration or None)
            try:
                self.channel.basic_publish("", self.queue, message.encode(), properties)
            except self.pika.exceptions.NackError:
                refused.append(message)
        return f"refused {','.join(refused)}" if refused else ""

    def do_consume(self, who, prefetch):
        self.consume(who, self.queue, prefetch)

    def consume(self, who, queue, prefetch):
        connection, channel = self.connect()
        held = {}
        automatic = prefetch == "auto"
        channel.basic_qos(prefetch_count=0 if automatic else int(prefetch))

        def got(_channel, method, _properties, body):
            held[body.decode()] = method.delivery_tag
            self.deliveries.append((who, body.decode()))

        tag = channel.basic_consume(queue, got, auto_ack=automatic)
        self.consumers[who] = (connection, channel, held, tag)

    def do_ack(self, who, message):
        _, channel, held, _ = self.consumers[who]
        channel.basic_ack(held.pop(message))

    def do_nack(self, who, message):
        _, channel, held, _ = self.consumers[who]
        channel.basic_nack(held.pop(message), requeue=True)

    def do_die(self, who):
        # Its socket breaks, as when a process dies: no word of farewell.
        self.consumers.pop(who)[0]._impl._transport._sock.shutdown(socket.SHUT_RDWR)

    def do_cancel(self, who):
        # Not channel.basic_cancel(): pika refuses by itself what it has not handed to its caller.
        _, channel, _, tag = self.consumers[who]
        channel._impl.basic_cancel(tag)

    def do_restart(self):
        self.consumers.clear()
        for command in ("stop_app", "start_app"):
            ask = ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", "-n", os.environ["RABBITMQ_NODENAME"], command]
            subprocess.run(ask, capture_output=True, check=True)
        self.connection, self.channel = self.connect()
        self.channel.confirm_delivery()

    def do_sleep(self, milliseconds):
        end = time.monotonic() + int(milliseconds) / 1000
        while time.monotonic() < end:
            self.look()

    def do_count(self):
        time.sleep(0.2)
        return f"ready {self.channel.queue_declare(self.queue, passive=True).method.message_count}"

    def look(self):
        for _ in range(4):
            for connection, *_ in list(self.consumers.values()):
                connection.process_data_events(0.02)
        self.connection.process_data_events(0)

    def observed(self):
        self.look()
        result, self.deliveries = seen(self.deliveries), []
        return result


class Streams:
    def __init__(self, address):
        self.address, self.number, self.deliveries = address, 0, []

    def ask(self, *words):
        command = ["redis-cli", "-s", self.address, "--json", *map(str, words)]
        import json

        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return json.loads(answer)

    def do_stream(self, *options):
        self.number += 1
        self.stream, self.length = f"orders-{self.number}", None
        for option in options:
            self.length = int(option.removeprefix("length="))
        self.ask("xgroup", "create", self.stream, "workers", "$", "mkstream")

    def do_add(self, *messages):
        bound = ["maxlen", "=", self.length] if self.length else []
        for message in messages:
            self.ask("xadd", self.stream, *bound, f"{message}-0", "n", message)

    def do_read(self, who, count):
        answer = self.ask("xreadgroup", "group", "workers", who, "count", count, "streams", self.stream, ">")
        entries = (answer or {}).get(self.stream, []) if isinstance(answer, dict) else (answer or [[0, []]])[0][1]
        self.deliveries += [(who, entry[0].partition("-")[0]) for entry in entries]

    def do_claim(self, who, idle, count):
        answer = self.ask("xautoclaim", self.stream, "workers", who, idle, "0-0", "count", count)
        self.deliveries += [(who, entry[0].partition("-")[0]) for entry in answer[1]]

    def do_ack(self, _who, message):
        self.ask("xack", self.stream, "workers", f"{message}-0")

    def do_pending(self):
        return f"pending {self.ask('xpending', self.stream, 'workers')[0]}"

    def do_owners(self):
        owned = {}
        for entry in self.ask("xpending", self.stream, "workers", "-", "+", 99):
            owned.setdefault(entry[1], []).append(entry[0].partition("-")[0])
        return " ".join(["owners", *(f"{who}:{','.join(owned[who])}" for who in sorted(owned))])

    def do_length(self):
        return f"length {self.ask('xlen', self.stream)}"

    def do_sleep(self, milliseconds):
        time.sleep(int(milliseconds) / 1000)

    def observed(self):
        result, self.deliveries = seen(self.deliveries), []
        return result


def main():
    kind, where, file = sys.argv[1:]
    peer = {"rabbitmq": Rabbit, "redis_streams": Streams}[kind](where)
    for line in open(file):
        operation = line.partition(" -> ")[0].strip()
        if not operation or operation.startswith("#"):
            print(operation)
            continue
        words = operation.split()
        said = getattr(peer, "do_" + words[0])(*words[1:]) or ""
        result = " ".join(part for part in (said, peer.observed()) if part)
        print(operation + (f" -> {result}" if result else ""))


main()
