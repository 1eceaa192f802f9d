// A node:test reporter for the test runner: one JSON line for each test that ended, with its error as text.
import { inspect } from "node:util";

/** The result of one test or suite. */
export interface ReportedResult {
  readonly name: string;
  readonly nesting: number;
  readonly ok: boolean;
  readonly isSuite: boolean;
  /** True when it failed only because a subtest failed. */
  readonly isOnlyParentFailure: boolean;
  readonly durationMs: number;
  /** The reason for a skip; undefined when the test ran. */
  readonly skip?: string;
  readonly error?: string;
  readonly at?: string;
}

interface ResultData {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string;
  readonly line?: number;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly details: { readonly duration_ms?: number; readonly type?: string; readonly error?: Error };
}

interface ReporterEvent {
  readonly type: string;
  readonly data: ResultData;
}

/** @yields one line of JSON (a ReportedResult) for each finished test */
export default async function* report(events: AsyncIterable<ReporterEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type === "test:pass" || type === "test:fail") {
      yield `${JSON.stringify(toResult(type === "test:pass", data))}\n`;
    }
  }
}

function toResult(passed: boolean, data: ResultData): ReportedResult {
  const error = data.details.error;
  const skip = skipReason(data);
  return {
    name: data.name,
    nesting: data.nesting,
    ok: passed || (data.todo !== undefined && data.todo !== false),
    isSuite: data.details.type === "suite",
    isOnlyParentFailure: failureType(error) === "subtestsFailed",
    durationMs: data.details.duration_ms ?? 0,
    ...(skip === undefined ? {} : { skip }),
    ...(error === undefined ? {} : { error: inspect(error.cause ?? error) }),
    ...(data.file === undefined ? {} : { at: `${data.file}:${data.line ?? 0}` }),
  };
}

function failureType(error: Error | undefined): unknown {
  return error !== undefined && "failureType" in error ? error.failureType : undefined;
}

function skipReason({ skip, todo }: ResultData): string | undefined {
  if (typeof skip === "string" && skip !== "") return skip;
  if (skip === true || skip === "") return "no reason given";
  if (typeof todo === "string" && todo !== "") return `to do: ${todo}`;
  return todo === true || todo === "" ? "to do" : undefined;
}
