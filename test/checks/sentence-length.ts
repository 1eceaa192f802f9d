// A rule for textlint that limits the words in a sentence. The one that npm offers has an outdated sentence parser.
import type { TxtParagraphNode, TxtTableCellNode } from "@textlint/ast-node-types";
import type { TextlintRuleReporter } from "@textlint/types";
import { split } from "sentence-splitter";

const MAX_WORDS = 35;

/** A code span counts as one word, a link as its text. */
export const limitSentenceLength: TextlintRuleReporter = ({
  Syntax,
  RuleError,
  report,
  getSource,
  locator,
}) => {
  const check = (node: TxtParagraphNode | TxtTableCellNode): void => {
    const source = getSource(node);
    // The splitter takes a full stop in code, or behind a digit, for a part of the word.
    const blanked = source
      .replaceAll(/`[^`]*`/g, (code) => "x".repeat(code.length))
      .replaceAll(/\d(?=[.!?]\s)/g, "x");
    for (const sentence of split(blanked).filter(({ type }) => type === "Sentence")) {
      const count = countWords(sentence.raw);
      if (count <= MAX_WORDS) continue;
      const start = source.slice(sentence.range[0], sentence.range[0] + 40).replaceAll(/\s+/g, " ");
      const message = `A sentence of ${count} words: “${start}…”, write at most ${MAX_WORDS}`;
      report(node, new RuleError(message, { padding: locator.at(sentence.range[0]) }));
    }
  };
  return { [Syntax.Paragraph]: check, [Syntax.TableCell]: check };
};

function countWords(markdown: string): number {
  const text = markdown.replaceAll(/\]\([^)]*\)/g, "]");
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
