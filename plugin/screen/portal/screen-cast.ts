// A session of the portal's interface ScreenCast: what the desktop offers, the user's choice in its dialog, and the descriptor by
// which the frames come. https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.ScreenCast.html

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { errorText } from "../../common/error-text.ts";
import { type PortalCall, type PortalConnection, RESPONSES } from "../../dbus/portal-connection.ts";
import { ScreenError } from "../screens.ts";

const SCREEN_CAST = "org.freedesktop.portal.ScreenCast";
const MONITOR = 1;
const WINDOW = 2;
const CURSOR_HIDDEN = 1;
const CURSOR_EMBEDDED = 2;
const SINCE = { cursorModes: 2, restoreToken: 4 } as const;
/** Until the user takes it back in the settings of the desktop. */
const PERSIST_UNTIL_REVOKED = 2;
const MOST_PATH_LENGTH = 512;

/** A token is a UUID today. What is no such text would make the portal refuse the request. */
export const restoreTokenSchema = z.string().regex(/^[\x21-\x7e]{1,256}$/);

const bits = z.number().int().nonnegative().catch(0);
const propertiesSchema = z
  .object({ version: bits, AvailableSourceTypes: bits, AvailableCursorModes: bits })
  .partial();
const createdSchema = z.object({ session_handle: z.string().startsWith("/").max(MOST_PATH_LENGTH) });
const startedSchema = z.object({
  streams: z
    .array(
      z.tuple([z.number().int().nonnegative(), z.object({ source_type: bits }).partial()]).rest(z.unknown()),
    )
    .min(1),
  restore_token: restoreTokenSchema.optional().catch(undefined),
});

export interface ScreenCastOffer {
  readonly version: number;
  /** Of monitors and windows; 0: the desktop offers neither. */
  readonly types: number;
  readonly cursorModes: number;
}

export interface ChosenScreen {
  readonly session: string;
  readonly nodeId: number;
  readonly kind: "monitor" | "window";
  /** For the next session; null where the user or the desktop keeps nothing. */
  readonly restoreToken: string | null;
}

/** @throws Error where the portal has no such interface */
export async function screenCastOffer(portal: PortalConnection): Promise<ScreenCastOffer> {
  const found = propertiesSchema.parse(await portal.properties(SCREEN_CAST));
  const { version = 0, AvailableSourceTypes: types = 0, AvailableCursorModes: cursorModes = 0 } = found;
  return { version, types: types & (MONITOR | WINDOW), cursorModes };
}

/**
 * Lets the user choose. Nothing is captured.
 * @param restoreToken of an earlier choice, which the desktop may take without a dialog
 * @param onSession the session's path, before the user is asked
 * @throws ScreenError, or the signal's reason
 */
export async function chooseScreen(
  portal: PortalConnection,
  restoreToken: string | null,
  signal: AbortSignal,
  onSession: (path: string) => void,
): Promise<ChosenScreen> {
  const offer = await screenCastOffer(portal);
  if (offer.types === 0) throw new ScreenError("failed", "the desktop offers neither monitors nor windows");
  const session = await createSession(portal, signal);
  onSession(session);
  const select = (token: string | null) =>
    request(portal, { member: "SelectSources", ...sources(session, offer, token) }, signal, false);
  await select(restoreToken);
  const call = { member: "Start", signature: "os", body: [session, ""], options: {} };
  const { streams, restore_token = null } = parsed(
    startedSchema,
    await request(portal, call, signal, true),
    "Start",
  );
  const [[nodeId, { source_type }] = [0, {}]] = streams;
  return {
    session,
    nodeId,
    kind: source_type === WINDOW ? "window" : "monitor",
    restoreToken: restore_token,
  };
}

/** @returns a connection to PipeWire that sees the chosen stream only; the caller owns it. @throws Error */
export function openPipeWireRemote(portal: PortalConnection, session: string): Promise<number> {
  return portal.askForDescriptor({
    ...{ interface: SCREEN_CAST, member: "OpenPipeWireRemote", signature: "oa{sv}", body: [session, {}] },
  });
}

async function createSession(portal: PortalConnection, signal: AbortSignal): Promise<string> {
  const token = `goop_${randomUUID().replaceAll("-", "")}`;
  const options = { session_handle_token: ["s", token] } as const;
  const call = { member: "CreateSession", signature: "", body: [], options };
  const results = await request(portal, call, signal, false);
  return parsed(createdSchema, results, "CreateSession").session_handle;
}

function sources(session: string, { version, types, cursorModes }: ScreenCastOffer, token: string | null) {
  const cursor = cursorModes & CURSOR_EMBEDDED ? CURSOR_EMBEDDED : CURSOR_HIDDEN;
  const hasCursor = version >= SINCE.cursorModes && (cursorModes & cursor) !== 0;
  const persists = version >= SINCE.restoreToken;
  const options: PortalCall["options"] = {
    types: ["u", types],
    multiple: ["b", false],
    ...(hasCursor && { cursor_mode: ["u", cursor] as const }),
    ...(persists && { persist_mode: ["u", PERSIST_UNTIL_REVOKED] as const }),
    ...(persists && token !== null && { restore_token: ["s", token] as const }),
  };
  return { signature: "o", body: [session], options };
}

async function request(
  portal: PortalConnection,
  call: Omit<PortalCall, "interface">,
  signal: AbortSignal,
  waitsForUser: boolean,
): Promise<unknown> {
  const { response, results } = await portal.request(
    { ...call, interface: SCREEN_CAST },
    signal,
    waitsForUser,
  );
  if (response === RESPONSES.success) return results;
  if (response === RESPONSES.cancelled) {
    throw new ScreenError("cancelled", "the dialog was closed without a choice");
  }
  throw new ScreenError("failed", "the desktop ended its dialog for a reason that it does not give");
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, member: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue ? `${issue.path.join(".")}: ${issue.message}` : errorText(result.error);
  throw new ScreenError("failed", `the portal's result of ${member} has another form (${where})`);
}
