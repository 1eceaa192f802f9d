// Starts the page. It reads the session token from the address and connects to the host that served the page.

import { LINK_PATH } from "../http/page-messages.ts";
import { createApp } from "./app.ts";
import { Link } from "./link/page-link.ts";

/** The token is in the fragment, which browsers neither send to servers nor put into a Referer header. */
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
const link = new Link(`ws://${location.host}${LINK_PATH}`, token);
createApp(document.body, link);
link.connect();
