// A certificate for a TURN server on loopback, and the authority that signed it. A program trusts it only where a test says so.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TurnCertificate {
  /** Paths of PEM files. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** @param folder where the files are written */
export function makeTurnCertificate(folder: string): TurnCertificate {
  const at = (name: string) => join(folder, name);
  const [authority, authorityKey] = [at("authority.pem"), at("authority.key")];
  const [certificate, key, request] = [at("server.pem"), at("server.key"), at("server.csr")];
  const names = at("names");
  writeFileSync(names, "subjectAltName=IP:127.0.0.1,DNS:localhost");
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...made, "-keyout", authorityKey, "-out", authority, "-subj", "/CN=Test authority");
  openssl("req", ...made, "-keyout", key, "-out", request, "-subj", "/CN=turn server");
  const signed = ["-CA", authority, "-CAkey", authorityKey, "-CAcreateserial", "-extfile", names];
  openssl("x509", "-req", "-in", request, ...signed, "-out", certificate);
  return { authority, certificate, key };
}

function openssl(...words: string[]): void {
  const { status, stderr, error } = spawnSync("openssl", words, { encoding: "utf8", timeout: 20_000 });
  if (error) throw error;
  if (status !== 0) throw new Error(`openssl ${words[0]} ended with ${status}: ${stderr.trim()}`);
}
