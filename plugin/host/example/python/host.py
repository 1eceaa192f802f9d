#!/usr/bin/env python3
"""A complete host for goop-call-plugin, written from rpc-schema/README.md alone: goop-call-plugin conformance -- python3 host.py"""
import collections, concurrent.futures, itertools, json, os, re, subprocess, sys, threading

ANSWER_S = 5  # The plugin waits 6 s for the answer to signal.send.
LEAVE_S = 2
MAX_UNANSWERED = 1000
PEER_ID = re.compile(r"[1-9A-HJ-NP-Za-km-z]{8,128}")
TOPIC = re.compile(r"call:.{1,250}")


class Plugin:
    """JSON-RPC 2.0 with one plugin process: one message a line, requests in both directions."""

    def __init__(self, command, on_request, on_notification, on_end):
        self.on_request, self.on_notification, self.on_end = on_request, on_notification, on_end
        self.answers, self.ids, self.lock = {}, itertools.count(1), threading.Lock()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self.read, daemon=True).start()

    def write(self, **message):
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        with self.lock:
            try:
                self.process.stdin.write(line)
                self.process.stdin.flush()
            except (OSError, ValueError):
                pass  # The plugin has died. `read` reports it.

    def request(self, method, params):
        """Returns a future. It must not be awaited in a handler, because the reader runs the handlers."""
        request_id = next(self.ids)
        answer = self.answers[request_id] = concurrent.futures.Future()
        self.write(id=request_id, method=method, params=params)
        return answer

    def fail(self, request_id, code, name, message):
        self.write(id=request_id, error={"code": code, "message": message, "data": {"name": name}})

    def read(self):
        for line in self.process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue  # A native library may print to stdout.
            if isinstance(message, dict):
                self.take(message)
        self.process.wait()
        for answer in list(self.answers.values()):
            answer.set_exception(EOFError("the plugin has ended"))
        self.on_end()

    def take(self, message):
        method, params = message.get("method"), message.get("params", {})
        if isinstance(method, str) and "id" in message:
            self.on_request(self, message["id"], method, params)
        elif isinstance(method, str) and isinstance(params, dict):
            self.on_notification(method, params)
        elif isinstance(message.get("id"), int) and message["id"] in self.answers:
            answer = self.answers.pop(message["id"])
            error = message.get("error")
            answer.set_exception(RuntimeError(error)) if error else answer.set_result(message.get("result"))


class Sending:
    def __init__(self, payload, answer):
        self.payload, self.answer, self.timer = payload, answer, None


class Host:
    def __init__(self, self_id, command, send, on_notification=lambda method, params: None, settings={}):
        """send(message, done) sends over the host's own node and calls done(True) after the acknowledgement."""
        self.self_id, self.command, self.send, self.settings = self_id, command, send, settings
        self.tell, self.lock, self.ended = on_notification, threading.Lock(), threading.Event()
        self.calls, self.lanes, self.hang_ups = set(), collections.defaultdict(list), []
        self.persisted, self.is_resuming, self.is_stopping, self.is_ready = {}, False, False, False
        self.start({})

    def start(self, more):
        self.plugin = Plugin(self.command, self.on_request, self.on_notification, self.on_end)
        own = {"host": {"name": "example"}, "identity": {"label": self.self_id}, "carrier": {"selfId": self.self_id}}
        offer = {"protocolVersions": [1, 2], "capabilities": ["carrier", "resume"], "settings": self.settings}
        self.plugin.request("initialize", {**offer, **own, **more}).result(15)
        self.plugin.write(method="initialized", params={})
        self.plugin.write(method="contacts.set", params={"contacts": []})
        self.is_ready = True

    def receive(self, peerId, topic, payload):
        """Call this for each message of a peer, with the sender that the connection has proved."""
        if not self.is_ready or not topic.startswith("call:") or topic.startswith("call:loopback:"):
            return
        if payload.get("type") == "call-request":
            self.calls.add((peerId, topic))
        elif payload.get("type") == "call-hangup":
            self.calls.discard((peerId, topic))
        if len(self.plugin.answers) < MAX_UNANSWERED:
            self.plugin.request("signal.deliver", {"from": peerId, "topic": topic, "payload": payload})

    def on_request(self, plugin, request_id, method, params):
        if method != "signal.send":
            return plugin.fail(request_id, -32601, "methodNotFound", f"there is no method {method}")
        peer, topic, payload = (params.get(key) for key in ("peerId", "topic", "payload"))
        is_right = isinstance(peer, str) and PEER_ID.fullmatch(peer) and isinstance(topic, str)
        if not is_right or not TOPIC.fullmatch(topic) or not isinstance(payload, dict):
            return plugin.fail(request_id, -32602, "invalidParams", "wrong peerId, topic or payload")

        refuse = lambda: plugin.fail(request_id, 1402, "peerUnreachable", "the peer did not acknowledge")
        accept = lambda: plugin.write(id=request_id, result=None)
        self.relay((peer, topic), Sending(payload, lambda is_sent: accept() if is_sent else refuse()))

    def relay(self, key, sending):
        """Messages of one topic to one peer leave one after the other. Other topics do not wait."""
        (self.calls.discard if sending.payload.get("type") == "call-hangup" else self.calls.add)(key)
        sending.timer = threading.Timer(ANSWER_S, self.done, (key, sending, False))
        sending.timer.daemon = True
        sending.timer.start()
        with self.lock:
            self.lanes[key].append(sending)
            is_first = len(self.lanes[key]) == 1
        if is_first:
            self.leave(key, sending)

    def leave(self, key, sending):
        message = {"peerId": key[0], "topic": key[1], "payload": sending.payload}
        self.send(message, lambda is_sent: self.done(key, sending, is_sent))

    def done(self, key, sending, is_sent):
        """Only the first outcome counts: acknowledged, failed, or no answer in time."""
        with self.lock:
            lane = self.lanes[key]
            if sending not in lane:
                return
            was_first = lane[0] is sending
            lane.remove(sending)
            following = lane[0] if lane and was_first else None
            if not lane:
                del self.lanes[key]
        sending.timer.cancel()
        sending.answer(is_sent)
        if following:
            self.leave(key, following)

    def on_notification(self, method, params):
        if method == "calls.persisted":
            self.persisted = params
        elif method == "call.changed" and params.get("phase") == "connected":
            self.is_resuming = False
        elif method == "call.ended":
            self.calls.discard((params.get("peerId"), f"call:{params.get('callId')}"))
        self.tell(method, params)

    def on_end(self):
        """A call that another plugin resumes gets no hang-up. After two deaths in a row it is given up."""
        snapshot = None if self.is_stopping or self.is_resuming else self.persisted.get("snapshot")
        kept = f"call:{self.persisted.get('callId')}" if snapshot else None
        for key in [one for one in self.calls if one[1] != kept]:
            self.hang_ups.append(concurrent.futures.Future())
            payload = {"type": "call-hangup", "reason": "hostGone"}
            self.relay(key, Sending(payload, self.hang_ups[-1].set_result))
        self.is_ready, self.persisted, self.is_resuming = False, {}, bool(snapshot)
        self.start({"resume": snapshot}) if snapshot else self.ended.set()

    def stop(self):
        """Relays signals until the process has ended, because the plugin hangs up during `shutdown`."""
        self.is_stopping = True
        concurrent.futures.wait([self.plugin.request("shutdown", {})], LEAVE_S)
        self.plugin.write(method="exit", params={})
        if not self.ended.wait(LEAVE_S):
            self.plugin.process.kill()
            self.ended.wait()
        concurrent.futures.wait(self.hang_ups, LEAVE_S)


def run_for_suite(command):
    """The suite plays the network: one JSON object a line on the standard streams."""
    pending, ids, lock = {}, itertools.count(1), threading.Lock()

    def say(**message):
        with lock:
            print(json.dumps(message), flush=True)

    def send(message, done):
        send_id = next(ids)
        pending[send_id] = done
        say(send={"id": send_id, **message})

    host = Host("12D3KooWPythonHost11", command, send)
    say(ready=True)
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if "arrives" in message:
            host.receive(**message["arrives"])
        elif "stop" in message:
            threading.Thread(target=lambda: (host.stop(), os._exit(0))).start()
        else:
            pending.pop(message.get("sent") or message["failed"])("sent" in message)


if __name__ == "__main__":
    run_for_suite(sys.argv[1:])
