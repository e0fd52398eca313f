// The names of the browser that playwright-core's types mention. Tests reach the page through its locators, not through these.
interface Node {
  readonly nodeType: number;
}
interface HTMLElement extends Node {
  readonly tagName: string;
}
interface SVGElement extends Node {
  readonly tagName: string;
}
type HTMLElementTagNameMap = Record<string, HTMLElement>;
