/// <reference lib="dom" />
// A page of another project, for the same purpose as host.ts.
import { createCanvasView } from "goop-call-plugin/page/canvas-view";
import "goop-call-plugin/page/goop-call";
import { createImageView } from "goop-call-plugin/page/image-view";
import { Link } from "goop-call-plugin/page/page-link";

const link = new Link("ws://127.0.0.1/link", "token");
link.connect();
const canvas = document.createElement("canvas");
const view = createCanvasView({ canvas, link, callId: "c1", source: "remote" });
view.close();
createImageView({ image: document.createElement("img"), link, callId: "c1", source: "local" }).close();
// @ts-expect-error: a call has no such source
createCanvasView({ canvas, link, callId: "c1", source: "sideways" });
Goop.callState satisfies object;
