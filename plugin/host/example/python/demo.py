"""python3 demo.py PLUGIN [ARGS]: two hosts call each other, save the first remote frame as first-frame.jpg, and hang up."""
import base64, sys, threading, time
from host import Host

ALICE, BOB = "12D3KooWA1icePython1", "12D3KooWBobPython111"
# These need no devices. The empty list keeps ICE on this machine.
SETTINGS = {"camera": "test-pattern", "microphone": "tone", "speaker": "none", "iceServers": []}
hosts, frames = {}, []
happened = {name: threading.Event() for name in (f"{ALICE} ready", f"{BOB} ready", "connected", "frame")}


def network_of(own_id):
    """The hosts' own network. A real host sends over its node, and learns the sender from the connection."""

    def send(message, done):
        peer = hosts.get(message["peerId"])
        if peer:
            peer.receive(own_id, message["topic"], message["payload"])
        done(peer is not None)

    return send


def listener_of(own_id):
    """The plugin's reader calls this, so it must not wait for an answer."""

    def on_notification(method, params):
        plugin = hosts[own_id].plugin if own_id in hosts else None
        if method == "signalling.changed" and params["state"] == "ready":
            happened[f"{own_id} ready"].set()
        elif method == "call.incoming":
            plugin.request("call.accept", {"callId": params["callId"]})
        elif method == "call.changed":
            print(f"{own_id}: {params['phase']}")
            if own_id == ALICE and params["phase"] == "connected":
                happened["connected"].set()
        elif method == "frame":
            frames.append(params)
            happened["frame"].set()
            plugin.write(method="frames.ack", params={"stream": params["stream"], "seq": params["seq"]})

    return on_notification


def wait_for(name):
    if not happened[name].wait(30):
        sys.exit(f"{name}: nothing within 30 s")


started = time.monotonic()
for own_id in (ALICE, BOB):
    hosts[own_id] = Host(own_id, sys.argv[1:], network_of(own_id), listener_of(own_id), SETTINGS)
    wait_for(f"{own_id} ready")
alice = hosts[ALICE].plugin
call_id = alice.request("call.start", {"peerId": BOB, "media": "video"}).result(15)["callId"]
wait_for("connected")
alice.request("frames.subscribe", {"callId": call_id, "source": "remote"}).result(15)
wait_for("frame")
with open("first-frame.jpg", "wb") as file:
    file.write(base64.b64decode(frames[0]["dataUrl"].split("base64,")[1]))
seconds = time.monotonic() - started
print(f"first-frame.jpg: {frames[0]['width']} × {frames[0]['height']}, {seconds:.1f} s after the start")
alice.request("call.hangup", {"callId": call_id}).result(15)
for host in hosts.values():
    host.stop()
