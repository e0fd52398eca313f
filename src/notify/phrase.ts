/**
 * A sentence in which our words and foreign names stay apart until a channel writes it: our words are trusted, a `Name` is data and is
 * escaped by whoever writes. Data that is not wrapped cannot get into a sentence by accident: `say` takes strings only from our own formatters.
 */
export interface Name {
  readonly name: string;
}
export type Phrase = readonly (string | Name)[];

/** Marks a piece of data. */
export function nameOf(name: string): Name {
  return { name };
}

/** Tagged template: say`team ${nameOf(team)} spends ${formatUsd(x)}`. */
export function say(
  words: TemplateStringsArray,
  ...parts: readonly (string | Name | Phrase)[]
): Phrase {
  const phrase: (string | Name)[] = [];
  words.forEach((word, index) => {
    if (word !== "") phrase.push(word);
    const part = parts[index];
    if (part === undefined) return;
    if (typeof part === "string" || "name" in part) phrase.push(part);
    else phrase.push(...part);
  });
  return phrase;
}

/** Writes a phrase for one channel. */
export function write(
  phrase: Phrase,
  how: { readonly name: (name: string) => string; readonly text?: (text: string) => string },
): string {
  const text = how.text ?? ((words: string) => words);
  return phrase
    .map((part) => (typeof part === "string" ? text(part) : how.name(part.name)))
    .join("");
}

/** The same phrase as the beginning of a sentence. Names keep their spelling. */
export function capital(phrase: Phrase): Phrase {
  const [first, ...rest] = phrase;
  return typeof first === "string"
    ? [first.slice(0, 1).toUpperCase() + first.slice(1), ...rest]
    : phrase;
}
