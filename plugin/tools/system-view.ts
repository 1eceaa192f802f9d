// What the doctor may ask of the machine. Its checks see nothing else, so that every sick machine can be made up in a test.

export interface RunResult {
  readonly status: number;
  readonly stdout: string;
}

export interface FileOwner {
  readonly group: number;
}

export interface SystemView {
  /** Such as 24.21.0. */
  readonly nodeVersion: string;
  /** Such as linux-x64. */
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly user: { readonly name: string; readonly id: number; readonly groups: readonly number[] };
  /** null where it is missing or may not be read. */
  readText(path: string): string | null;
  /** Names in a folder; none where it is missing or may not be read. */
  list(path: string): readonly string[];
  /** readlink(2); null where that fails. */
  linkTarget(path: string): string | null;
  owner(path: string): FileOwner | null;
  /** access(2) for reading and writing. */
  canOpen(path: string): boolean;
  /** The folder of an npm package, named as `<package>/package.json`; null where it is not installed. */
  packageFolder(manifest: string): string | null;
  /** null where the program is missing or did not end in time. */
  run(program: string, args: readonly string[]): Promise<RunResult | null>;
  /** Whether somebody accepts connections at a Unix socket. */
  connects(socketPath: string): Promise<boolean>;
}
