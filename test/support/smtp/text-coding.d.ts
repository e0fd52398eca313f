/** Node has these as values only; postal-mime's declarations, written for browsers, name them as types. */
import type { TextDecoder as NodeTextDecoder, TextEncoder as NodeTextEncoder } from "node:util";

declare global {
  type TextEncoder = NodeTextEncoder;
  type TextDecoder = NodeTextDecoder;
}
