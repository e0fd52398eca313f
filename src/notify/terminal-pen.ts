import { escapeTerminal } from "./escape.ts";
import type { Phrase } from "./phrase.ts";

export interface TerminalOptions {
  /** Columns; lines are folded to fit. */
  readonly width: number;
  /** ANSI colours: only where the output is a terminal and NO_COLOR is not set. */
  readonly colour: boolean;
}

const ESCAPE = "\u001b[";
const COLOURS = {
  page: "1;31",
  ticket: "1;33",
  acknowledged: "1;34",
  resolved: "1;32",
  bold: "1",
  dim: "2",
  name: "36",
} as const;
export type Colour = keyof typeof COLOURS;

export interface FoldOptions {
  /** Stands before the first line; further lines are set in as deep. */
  readonly lead?: string;
  readonly leadColour?: Colour;
  /** Of the whole text; without it only names are coloured. */
  readonly colour?: Colour;
  readonly nameMaxCodePoints?: number;
}

/** Folds and paints. Widths are counted in code points: good enough where nothing stands to the right. */
export class TerminalPen {
  readonly width: number;
  readonly #colour: boolean;

  constructor({ width, colour }: TerminalOptions) {
    this.width = width;
    this.#colour = colour;
  }

  paint(text: string, colour?: Colour): string {
    if (!this.#colour || colour === undefined) return text;
    return `${ESCAPE}${COLOURS[colour]}m${text}${ESCAPE}0m`;
  }

  fold(phrase: Phrase, options: FoldOptions = {}): string[] {
    const { lead = "", leadColour, colour } = options;
    const indent = " ".repeat(sizeOf(lead));
    const lines = [""];
    let length = indent.length;
    for (const run of runsOf(phrase, options.nameMaxCodePoints)) {
      const text = run.map((piece) => piece.text).join("");
      if (length > indent.length && length + sizeOf(text.trimEnd()) > this.width) {
        lines.push("");
        length = indent.length;
      }
      const painted = run.map((piece) => this.paint(piece.text, this.#ofPiece(piece, colour)));
      lines.push((lines.pop() ?? "") + painted.join(""));
      length += sizeOf(text);
    }
    return lines.map((line, index) =>
      index === 0
        ? this.paint(lead, leadColour) + this.paint(line, colour)
        : indent + this.paint(line, colour),
    );
  }

  /** A coloured text is painted line by line, not piece by piece. */
  #ofPiece(piece: Piece, whole?: Colour): Colour | undefined {
    return piece.isName && whole === undefined ? "name" : undefined;
  }
}

interface Piece {
  readonly text: string;
  readonly isName: boolean;
}

/** What must stay on one line: pieces up to the next space, whether of a name or of our words. */
function runsOf(phrase: Phrase, nameMaxCodePoints?: number): Piece[][] {
  const runs: Piece[][] = [[]];
  for (const part of phrase) {
    const isName = typeof part !== "string";
    const text = isName ? escapeTerminal(part.name, nameMaxCodePoints) : part;
    for (const piece of text.split(/(?<= )/u)) {
      runs.at(-1)?.push({ text: piece, isName });
      if (piece.endsWith(" ")) runs.push([]);
    }
  }
  return runs.filter((run) => run.length > 0);
}

function sizeOf(text: string): number {
  return Array.from(text).length;
}
