// Reads the project's TypeScript with the compiler's own parser, for the checks on imports, shape and prose.
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as ast from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";
import type { Span } from "./comments.ts";

/** One of the project's files. */
export interface Source {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionShape[];
  /** Property accesses such as `process.env` and calls such as `setTimeout`, as written, without arguments. */
  readonly uses: ReadonlySet<string>;
  /** Where string, template and regular-expression literals are. */
  readonly literals: readonly Span[];
}

/** One import or re-export. */
export interface Import {
  /** A path relative to the repository, or the name of a package or built-in module. */
  readonly target: string;
  /** True when the target is a file of this project. */
  readonly isOurs: boolean;
  /** True when it is erased at run time. */
  readonly isTypeOnly: boolean;
}

/** A function with a block as body. */
export interface FunctionShape {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  /** Lines outside nested functions. */
  readonly ownLines: number;
}

export const root = fileURLToPath(new URL("../..", import.meta.url));
const projects = [".", "plugin/ui", "statecharts/viewer", "test"].map((folder) =>
  join(root, folder, "tsconfig.json"),
);

/** @returns every TypeScript file of the projects, in order of their paths */
export function readSources(): Source[] {
  const api = new API({ cwd: root });
  try {
    const snapshot = api.updateSnapshot({ openProjects: projects });
    const sources = new Map<string, Source>();
    for (const project of snapshot.getProjects()) {
      for (const name of project.rootFiles) {
        const file = project.program.getSourceFile(name);
        const path = relative(root, name);
        if (file !== undefined && !sources.has(path)) sources.set(path, describeFile(path, file));
      }
    }
    return [...sources.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  } finally {
    api.close();
  }
}

function describeFile(path: string, file: ast.SourceFile): Source {
  const imports: Import[] = [];
  const functions: FunctionShape[] = [];
  const uses = new Set<string>();
  const literals: Span[] = [];
  const visit = (node: ast.Node): void => {
    const found = readImport(path, node);
    if (found !== undefined) imports.push(found);
    const shape = readFunction(file, node);
    if (shape !== undefined) functions.push(shape);
    if (ast.isPropertyAccessExpression(node)) uses.add(node.getText(file));
    if (ast.isCallExpression(node) || ast.isNewExpression(node))
      uses.add(`${node.expression.getText(file)}()`);
    if (isTextLiteral(node)) literals.push([node.getStart(file), node.getEnd()]);
    node.forEachChild(visit);
  };
  visit(file);
  return { path, text: readFileSync(join(root, path), "utf8"), imports, functions, uses, literals };
}

function isTextLiteral(node: ast.Node): boolean {
  return (
    ast.isStringLiteral(node) ||
    ast.isNoSubstitutionTemplateLiteral(node) ||
    ast.isTemplateHead(node) ||
    ast.isTemplateMiddle(node) ||
    ast.isTemplateTail(node) ||
    ast.isRegularExpressionLiteral(node)
  );
}

function readImport(path: string, node: ast.Node): Import | undefined {
  if (ast.isImportDeclaration(node)) {
    const { importClause } = node;
    const isTypeOnly =
      importClause !== undefined && importClause.phaseModifier === ast.SyntaxKind.TypeKeyword;
    return makeImport(path, node.moduleSpecifier, isTypeOnly);
  }
  if (ast.isExportDeclaration(node)) return makeImport(path, node.moduleSpecifier, node.isTypeOnly);
  if (ast.isImportTypeNode(node) && ast.isLiteralTypeNode(node.argument))
    return makeImport(path, node.argument.literal, true);
  const isLoading =
    ast.isCallExpression(node) && /^(import|require|createRequire\(.*\))$/.test(node.expression.getText());
  return isLoading ? makeImport(path, node.arguments[0], false) : undefined;
}

function makeImport(path: string, specifier: ast.Node | undefined, isTypeOnly: boolean): Import | undefined {
  if (specifier === undefined || !ast.isStringLiteral(specifier)) return undefined;
  const { text } = specifier;
  const isOurs = text.startsWith(".");
  const target = isOurs ? join(path, "..", text) : text;
  return { target, isOurs, isTypeOnly };
}

function readFunction(file: ast.SourceFile, node: ast.Node): FunctionShape | undefined {
  if (!ast.isFunctionLikeDeclaration(node) || node.body === undefined || !ast.isBlock(node.body))
    return undefined;
  const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
  const last = file.getLineAndCharacterOfPosition(node.getEnd()).line;
  const lines = last - first + 1;
  return { name: nameOf(file, node), line: first + 1, lines, ownLines: lines - innerLines(file, node.body) };
}

/** @returns the number of lines in nested functions, without the line on which each starts */
function innerLines(file: ast.SourceFile, node: ast.Node): number {
  let sum = 0;
  node.forEachChild((child) => {
    const inner = readFunction(file, child);
    sum += inner === undefined ? innerLines(file, child) : inner.lines - 1;
  });
  return sum;
}

/** A callback gets the name of the call that takes it. This distinguishes the body of a test suite from a function. */
function nameOf(file: ast.SourceFile, node: ast.FunctionLikeDeclaration): string {
  if (ast.isConstructorDeclaration(node)) return "constructor";
  if (!ast.isArrowFunction(node) && node.name !== undefined) return node.name.getText(file);
  const { parent } = node;
  if (ast.isCallExpression(parent)) return `callback of ${parent.expression.getText(file)}`;
  if (ast.isVariableDeclaration(parent) || ast.isPropertyAssignment(parent)) return parent.name.getText(file);
  return "(no name)";
}
